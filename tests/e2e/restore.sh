# A dead box: a drill while it lives, a new one in its place from the parent's copy and the paper key, from a
# stick, under a new key after a fork; late work of the lost one.
. tests/e2e/lib.sh

start_node xihu 330106000000 district
start_node cuiyuan 330106005055 community xihu
user cuiyuan juweihui linli-e2e-secret committee >/dev/null
login cuiyuan juweihui linli-e2e-secret >/dev/null
touch "$E2E/xihu.jar"
news() { # NODE TITLE
    local id
    id=$(post "$1" /api/v1/news title="$2" body=正文 level=community section=community | jq -r .id) &&
        post "$1" "/api/v1/news/$id/steps" action=publish >/dev/null
}
of() { "$LINLI" status --dir "$(dir_of "$1")" --json | jq -r ".$2"; } # NODE KEY
is() { [ "$(of "$1" "$2")" = "$3" ] || { of "$1" "$2"; return 1; }; }
says() { local text=$1; shift; ! "$@" >"$E2E/said" 2>&1 && grep -q "$text" "$E2E/said" || { cat "$E2E/said"; return 1; }; }
paper=$(grep -o 'AGE-SECRET-KEY-1[A-Z0-9]*' "$E2E/cuiyuan.init")
typed=$(echo "$paper" | tr A-Z a-z | sed 's/.\{6\}/& /g')
post cuiyuan /api/v1/person name=李恢复 id_type=111 sex=1 kind=local status=living >"$E2E/person.json" || cat "$E2E/person.json"
person=$(jq -r .id "$E2E/person.json")
news cuiyuan 坏掉以前
ok "all is signed for" eventually is cuiyuan unsent 0
old=$(of cuiyuan node)

drill() { "$LINLI" restore --dir "$(dir_of cuiyuan)" --drill "$@" <<<"$typed"; }
ok "the drill proves that a restore would work" drill
ok "by equal digests and keys" eval 'drill --json | jq -e ".differing == 0 and .keys > 0 and .keys_missing == 0 and .records > 0"'
ok "it leaves nothing behind" eval '! ls "$(dir_of cuiyuan)" | grep -q drill'
still() { local before; before=$(of cuiyuan head); drill >/dev/null && is cuiyuan head "$before"; } # statistics go up once, beside it
ok "and changes nothing" eventually still
wrong=$("$LINLI" init --dir "$E2E/other" --region 330106005055 --role community --name x | grep -o 'AGE-SECRET-KEY-1[A-Z0-9]*')
ok "another paper is told from the right one" says "recovery key does not open" "$LINLI" restore --dir "$(dir_of cuiyuan)" --drill <<<"$wrong"
ok "and so is a mistyped one" says "mistyped" "$LINLI" restore --dir "$(dir_of cuiyuan)" --drill <<<"${paper%?}"

# it dies; the last thing it wrote was on nobody else's disk
kill_node cuiyuan
mv "$(dir_of cuiyuan)" "$E2E/dead"
invite() { "$LINLI" invite --dir "$(dir_of xihu)" --region 330106005055 --role community --continues "$1" | tail -n 1; }
ok "an export for the new box" "$LINLI" export --dir "$(dir_of xihu)" --restore "$old" "$E2E/stick"
code=$(invite "$old")
bring() { "$LINLI" restore --dir "$(dir_of cuiyuan)" --region 330106005055 --parent "http://127.0.0.1:${link_port[cuiyuan]}" --code "${code##* }" "$@"; }
ok "the wrong paper brings nothing back" says "recovery key does not open" bring <<<"$wrong"
ok "the right one goes on where that stopped, with the stick" eval 'bring --from "$E2E/stick" --json <<<"$paper" 2>>"$E2E/restore.log"'
cp "$E2E/last" "$E2E/restored.json"
ok "nothing is missing" jq -e ".keys_missing == 0 and .head == .receipt and .level" "$E2E/restored.json"
ok "accounts get new passwords" eval '"$LINLI" user card --dir "$(dir_of cuiyuan)" --login juweihui >"$E2E/card"'
serve_node cuiyuan
password=$(grep -o '[a-z0-9]\{5\}-[a-z0-9]\{5\}' "$E2E/card")
ok "which open" eval 'login cuiyuan juweihui "$password" >/dev/null'
ok "the news is there" shows cuiyuan /api/v1/news 坏掉以前
ok "and the person, unsealed" shows cuiyuan "/api/v1/person/$person" 李恢复
ok "found by name" shows cuiyuan "/api/v1/search?q=%E6%9D%8E%E6%81%A2%E5%A4%8D" "$person"
news cuiyuan 新盒所写
ok "the new box writes on" eventually shows xihu /api/v1/news 新盒所写
ok "its logs and database agree" "$LINLI" verify --dir "$(dir_of cuiyuan)"
ok "and after a rebuild" "$LINLI" rebuild --dir "$(dir_of cuiyuan)"
ok "the district's too" "$LINLI" verify --dir "$(dir_of xihu)"

# the dead box comes alive once more: what it writes is void, until somebody looks at it
mv "$(dir_of cuiyuan)" "$E2E/new" && mv "$E2E/dead" "$E2E/cuiyuan.dead"
cp -a "$E2E/new" "$(dir_of cuiyuan)"
"$LINLI" serve --dir "$E2E/cuiyuan.dead" --listen 127.0.0.1:18999 >>"$E2E/dead.log" 2>&1 &
dead=$!
node_pid[dead]=$dead
node_port[dead]=18999
eventually up dead
login dead juweihui linli-e2e-secret >/dev/null
news dead 旧盒迟到
ok "its sync is refused" says "revoked" "$LINLI" sync --dir "$E2E/cuiyuan.dead"
stop_node dead
ok "but its stick can be looked at" eval '"$LINLI" export --dir "$E2E/cuiyuan.dead" "$E2E/late" && "$LINLI" adopt --dir "$(dir_of xihu)" "$old" --stick "$E2E/late" | grep -q 旧盒迟到'
ok "looking takes nothing over" fails shows xihu /api/v1/news 旧盒迟到
ok "a person says yes" "$LINLI" adopt --dir "$(dir_of xihu)" "$old" --yes
ok "and it counts" eventually shows xihu /api/v1/news 旧盒迟到
ok "the district's logs are sound" "$LINLI" verify --dir "$(dir_of xihu)"
ok "and after a rebuild" "$LINLI" rebuild --dir "$(dir_of xihu)"
ok "what was taken over stays" shows xihu /api/v1/news 旧盒迟到
