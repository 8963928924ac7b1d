# A node's reading key is rotated: asked for, certified by the parent, used from then on; what was wrapped for the former
# one is read on, also in a rebuild; an old key is rotated by itself; a root certifies its own.
. tests/e2e/lib.sh
start_node xihu 330106000000 district
start_node cuiyuan 330106005055 community xihu
user cuiyuan committee linli-e2e-secret committee >/dev/null
login cuiyuan committee linli-e2e-secret >/dev/null
dir=$(dir_of cuiyuan)
of() { "$LINLI" status --dir "$(dir_of "$1")" --json | jq -r ".$2"; } # NODE KEY
is() { [ "$(of "$1" "$2")" = "$3" ] || { of "$1" "$2"; return 1; }; }
public() { age-keygen -y "$dir/age.key"; }
rotated() { [ -s "$dir/age.old" ] && [ ! -e "$dir/age.next" ]; }
certified() { "$LINLI" sync --dir "$dir" >/dev/null; rotated; }
restart() { stop_node cuiyuan && serve_node cuiyuan && login cuiyuan committee linli-e2e-secret >/dev/null; }
write() { post cuiyuan /api/v1/news title="$1" body=正文 level=community section=community >/dev/null; }
write 一幢
ok "all is signed for" eventually is cuiyuan unsent 0
first=$(public)
stop_node xihu
ok "a rotation is asked for while the parent is away" "$LINLI" rotate --dir "$dir" --own
ok "only once" fails "$LINLI" rotate --dir "$dir" --own
ok "until it is certified the former key stays" test "$(public)" = "$first" -a "$(stat -c %a "$dir/age.next")" = 600
restart
serve_node xihu
ok "the parent certifies the next one" eventually certified
second=$(public)
ok "which is another" test "$second" != "$first"
ok "private, as the former ones" test "$(stat -c %a "$dir/age.key" "$dir/age.old" | sort -u)" = 600
former() { age-keygen -y "$dir/age.old" | head -n 1; }
ok "the former one is kept" eval '[ "$(former)" = "$first" ]'
write 二幢
ok "work goes on" eventually is cuiyuan unsent 0
ok "the logs and database agree" "$LINLI" verify --dir "$dir"
ok "a rebuild opens what was wrapped for the former key" "$LINLI" rebuild --dir "$dir"
ok "again after a restart" eval 'restart && "$LINLI" rebuild --dir "$dir" && "$LINLI" verify --dir "$dir"'
ok "what was there is there" eval 'shows cuiyuan /api/v1/news 一幢 && shows cuiyuan /api/v1/news 二幢'
touch -d '200 days ago' "$dir/age.key"
restart
again() { "$LINLI" sync --dir "$dir" >/dev/null; [ "$(public)" != "$second" ] && [ ! -e "$dir/age.next" ]; }
ok "a key of more than 180 days is rotated by itself" eventually again
ok "two former ones are kept" test "$(grep -c AGE-SECRET-KEY "$dir/age.old")" = 2
ok "and still a rebuild reads all" "$LINLI" rebuild --dir "$dir"
# a root certifies its own
dir=$(dir_of xihu)
old=$(public)
ok "a root's key is rotated, too" "$LINLI" rotate --dir "$dir" --own
ok "which it certifies itself" eventually rotated
ok "it is another one" test "$(public)" != "$old"
write 三幢
ok "what is written for it then reaches it" eventually shows cuiyuan /api/v1/news 三幢
ok "and is signed for" eventually is cuiyuan unsent 0
certified_at() { "$LINLI" sync --dir "$(dir_of cuiyuan)" >/dev/null; "$LINLI" show "$(of xihu node)" --dir "$(dir_of cuiyuan)" | grep -q "$(public)"; }
ok "the box knows the root by its new key" eventually certified_at
ok "the root's logs and database agree, also after a rebuild" eval '"$LINLI" verify --dir "$dir" && "$LINLI" rebuild --dir "$dir" && "$LINLI" verify --dir "$dir"'
