# An older copy of a box: it works on, seals nothing until its parent has confirmed, gets back what it forgot.
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
strip() { get "$1" /api/v1/status | jq -e ".sync.state == \"$2\"" >/dev/null; }

news cuiyuan 备份以前
ok "news goes up" eventually shows xihu /api/v1/news 备份以前
stop_node cuiyuan
mkdir "$E2E/backup" && cp -a "$(dir_of cuiyuan)"/linli.db* "$E2E/backup/"
serve_node cuiyuan
login cuiyuan juweihui linli-e2e-secret >/dev/null
news cuiyuan 备份之后
ok "and what came after the backup too" eventually shows xihu /api/v1/news 备份之后

# the database dies; somebody puts the backup back, while the uplink is down
stop_node cuiyuan
part cuiyuan
rm "$(dir_of cuiyuan)"/linli.db* && cp -a "$E2E"/backup/* "$(dir_of cuiyuan)/"
serve_node cuiyuan
login cuiyuan juweihui linli-e2e-secret >/dev/null
ok "the older copy is noticed at once, without a link" is cuiyuan doubt guard
ok "the strip says so" strip cuiyuan doubt
ok "work goes on" news cuiyuan 断网所写
says() { local text=$1; shift; ! "$@" >"$E2E/said" 2>&1 && grep -q "$text" "$E2E/said" || { cat "$E2E/said"; return 1; }; }
ok "nothing leaves on a stick, and why is told" says "old copy" "$LINLI" export --dir "$(dir_of cuiyuan)" "$E2E/stick"
ok "it is still in doubt after a restart" eval 'stop_node cuiyuan && serve_node cuiyuan && is cuiyuan doubt guard'
login cuiyuan juweihui linli-e2e-secret >/dev/null
restore cuiyuan "${node_port[xihu]}"
ok "with the link back it gets what it forgot" eventually shows cuiyuan /api/v1/news 备份之后
ok "and sends what was written meanwhile" eventually shows xihu /api/v1/news 断网所写
ok "the doubt is settled" eventually is cuiyuan doubt ""
ok "all is signed for" eventually is cuiyuan unsent 0
ok "nobody met a fork" eval 'is xihu forks 0 && is cuiyuan forks 0'
ok "the box's logs and database agree" "$LINLI" verify --dir "$(dir_of cuiyuan)"
ok "and so do the district's" "$LINLI" verify --dir "$(dir_of xihu)"
ok "and after a rebuild" "$LINLI" rebuild --dir "$(dir_of cuiyuan)"

# the whole card is copied; the first goes on, then the copy is started instead
stop_node cuiyuan
cp -a "$(dir_of cuiyuan)" "$E2E/card"
serve_node cuiyuan
login cuiyuan juweihui linli-e2e-secret >/dev/null
news cuiyuan 原卡所写
ok "the first card goes on" eventually shows xihu /api/v1/news 原卡所写
stop_node cuiyuan
mv "$(dir_of cuiyuan)" "$E2E/first" && cp -a "$E2E/card" "$(dir_of cuiyuan)"
part cuiyuan
serve_node cuiyuan
login cuiyuan juweihui linli-e2e-secret >/dev/null
ok "the copy knows that it is one" is cuiyuan doubt copy
news cuiyuan 副卡所写
restore cuiyuan "${node_port[xihu]}"
ok "it gets what the first one wrote" eventually shows cuiyuan /api/v1/news 原卡所写
ok "and its own work arrives" eventually shows xihu /api/v1/news 副卡所写
ok "without a fork" eval 'is xihu forks 0 && is cuiyuan doubt ""'

# both cards run at once: the log forks. It is closed above and goes on under a new key, with both branches' lines
node=$(of cuiyuan node)
stop_node cuiyuan
cp -a "$(dir_of cuiyuan)" "$E2E/twin"
"$LINLI" serve --dir "$E2E/twin" --listen 127.0.0.1:18998 >>"$E2E/twin.log" 2>&1 &
node_pid[twin]=$!
node_port[twin]=18998
eventually up twin
eventually is twin doubt ""
login twin juweihui linli-e2e-secret >/dev/null
news twin 甲卡续写
ok "the first of two cards is heard" eventually shows xihu /api/v1/news 甲卡续写
stop_node twin
part cuiyuan
serve_node cuiyuan
login cuiyuan juweihui linli-e2e-secret >/dev/null
news cuiyuan 乙卡续写
ok "the second one, cut off, seals for a stick" "$LINLI" export --dir "$(dir_of cuiyuan)" "$E2E/fork"
restore cuiyuan "${node_port[xihu]}"
ok "with the link back it finds that the log forked" eventually is cuiyuan doubt fork
ok "its strip says so" eventually strip cuiyuan forked
ok "it works on" news cuiyuan 分叉之后
ok "a person cannot just say that all is well" says "forked" "$LINLI" confirm --dir "$(dir_of cuiyuan)" --yes
stop_node cuiyuan
anew() { "$LINLI" join --dir "$(dir_of cuiyuan)" --parent "http://127.0.0.1:${link_port[cuiyuan]}" --code "$1" --new-key; }
ok "a wrong code leaves the old key" eval '! anew AAAA-BBBB-CCCC-DDDD-EEEE && is cuiyuan node "$node"'
code=$("$LINLI" invite --dir "$(dir_of xihu)" --region 330106005055 --role community --continues "$node" | tail -n 1)
ok "it goes on under a new key" anew "${code##* }"
serve_node cuiyuan
login cuiyuan juweihui linli-e2e-secret >/dev/null
ok "both branches are read at the district" eventually eval 'shows xihu /api/v1/news 乙卡续写 && shows xihu /api/v1/news 甲卡续写 && shows xihu /api/v1/news 分叉之后'
ok "and at the community" eventually shows cuiyuan /api/v1/news 甲卡续写
ok "all is signed for again" eventually is cuiyuan unsent 0
ok "the other card is refused" says revoked "$LINLI" sync --dir "$E2E/twin"
ok "the logs are sound" eval '"$LINLI" verify --dir "$(dir_of cuiyuan)" && "$LINLI" verify --dir "$(dir_of xihu)"'
ok "and after a rebuild" eval '"$LINLI" rebuild --dir "$(dir_of cuiyuan)" && "$LINLI" rebuild --dir "$(dir_of xihu)"'
ok "nothing of both is lost" eval 'shows cuiyuan /api/v1/news 乙卡续写 && shows xihu /api/v1/news 甲卡续写'
