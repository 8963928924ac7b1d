# A laptop goes on with the box that took the place of its dead one: its own work from before and after comes in.
. tests/e2e/lib.sh

start_node xihu 330106000000 district
start_node cuiyuan 330106005055 community xihu
user cuiyuan juweihui linli-e2e-secret committee >/dev/null
login cuiyuan juweihui linli-e2e-secret >/dev/null
post cuiyuan /api/v1/person name=网格一甲 id_type=111 sex=1 kind=local status=living grid=01 >"$E2E/person.json"
one=$(jq -r .id "$E2E/person.json")
of() { "$LINLI" status --dir "$(dir_of "$1")" --json | jq -r ".$2"; } # NODE KEY
is() { [ "$(of "$1" "$2")" = "$3" ] || { of "$1" "$2"; return 1; }; }
paper=$(grep -o 'AGE-SECRET-KEY-1[A-Z0-9]*' "$E2E/cuiyuan.init")
old=$(of cuiyuan node)

node_port[laptop]=$((PORT0 + 60)) link_port[laptop]=$((PORT0 + 61))
"$LINLI" init --dir "$(dir_of laptop)" --region 330106005055 --role laptop --name 走访终端 >/dev/null
restore laptop "${node_port[cuiyuan]}"
code=$("$LINLI" invite --dir "$(dir_of cuiyuan)" --role laptop --grid 01 | tail -n 1)
"$LINLI" join --dir "$(dir_of laptop)" --parent "http://127.0.0.1:${link_port[laptop]}" --code "${code##* }" >/dev/null || die "join laptop"
printf 'sync_every_s = 2\n' >>"$(dir_of laptop)/config"
user laptop wang linli-e2e-secret worker >/dev/null
serve_node laptop
login laptop wang linli-e2e-secret >/dev/null
ok "the laptop reads its grid" eventually shows laptop "/api/v1/person/$one" 网格一甲
before=$(post laptop /api/v1/person name=盒还在时登记 id_type=111 sex=1 kind=local status=living grid=01 | jq -r .id)
ok "what the laptop writes is signed for" eventually shows cuiyuan "/api/v1/person/$before" 盒还在时登记
ok "all is signed for" eventually is cuiyuan unsent 0
ok "also above" eventually is laptop unsent 0

# the box dies; the laptop works on without it
kill_node cuiyuan
mv "$(dir_of cuiyuan)" "$E2E/dead"
two=$(post laptop /api/v1/person name=没有盒时登记 id_type=111 sex=1 kind=local status=living grid=01 | jq -r .id)
code=$("$LINLI" invite --dir "$(dir_of xihu)" --region 330106005055 --role community --continues "$old" | tail -n 1)
ok "a new box takes its place" eval '"$LINLI" restore --dir "$(dir_of cuiyuan)" --region 330106005055 --parent "http://127.0.0.1:${link_port[cuiyuan]}" --code "${code##* }" --json <<<"$paper" 2>>"$E2E/restore.log"'
ok "and knows the laptop" jq -e ".heirs == 1" "$E2E/last"
serve_node cuiyuan
ok "the laptop finds that it is its own box's heir, and is signed for" eventually is laptop unsent 0
"$LINLI" user card --dir "$(dir_of cuiyuan)" --login juweihui >"$E2E/card"
login cuiyuan juweihui "$(grep -o '[a-z0-9]\{5\}-[a-z0-9]\{5\}' "$E2E/card")" >/dev/null
ok "what it wrote meanwhile comes in" eventually shows cuiyuan "/api/v1/person/$two" 没有盒时登记
ok "and what it wrote long before" eventually shows cuiyuan "/api/v1/person/$before" 盒还在时登记
three=$(post laptop /api/v1/person name=新盒之后 id_type=111 sex=1 kind=local status=living grid=01 | jq -r .id)
ok "and what it writes from now on" eventually shows cuiyuan "/api/v1/person/$three" 新盒之后
ok "nothing is wrong in its logs" "$LINLI" verify --dir "$(dir_of laptop)"
"$LINLI" status --dir "$(dir_of laptop)" --json | jq -c '[.sync_error,.parent,.unsent]' >&2
