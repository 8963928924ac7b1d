# The whole way once: province, district and community as three processes; what is saved below is read above, what the
# district says comes down, and stock git checks every signature.
. tests/e2e/lib.sh

start_node sheng 330000000000 province
start_node xihu 330106000000 district sheng
start_node cuiyuan 330106005055 community xihu
user cuiyuan juweihui linli-e2e-secret committee >/dev/null
user cuiyuan shegong linli-e2e-secret worker >/dev/null
user xihu jingban linli-e2e-secret clerk >/dev/null
login cuiyuan juweihui linli-e2e-secret >/dev/null
login xihu jingban linli-e2e-secret >/dev/null
touch "$E2E/sheng.jar"

id_of() { jq -r .id; }
sync_all() { "$LINLI" sync --dir "$(dir_of xihu)" && "$LINLI" sync --dir "$(dir_of cuiyuan)"; }
status_of() { "$LINLI" status --dir "$(dir_of "$1")" --json | jq -r "$2"; }
is() { [ "$("${@:2}")" = "$1" ] || { echo "want $1, have $("${@:2}")"; return 1; }; }

news=$(post cuiyuan /api/v1/news title=停水通知 body=周三停水 level=community section=community | id_of)
post cuiyuan "/api/v1/news/$news/steps" action=publish >/dev/null
ok "a save in the community is read in the district" eventually shows xihu /api/v1/news 停水通知
ok "and in the province" eventually shows sheng /api/v1/news 停水通知
unsent() { status_of cuiyuan .unsent; }
ok "the community holds the receipt for everything" eventually is 0 unsent

above=$(post xihu /api/v1/news title=区里通知 body=请各社区注意防汛 level=district section=community | id_of)
post xihu "/api/v1/news/$above/steps" action=publish >/dev/null
ok "both sync on demand" sync_all
ok "what the district says comes down" eventually shows cuiyuan /api/v1/news 区里通知
WITHIN=10 eventually is 0 unsent
above=$(post xihu /api/v1/news title=汛情通报 body=水位下降 level=district section=community | id_of)
post xihu "/api/v1/news/$above/steps" action=publish >/dev/null
"$LINLI" sync --dir "$(dir_of xihu)" >/dev/null
post cuiyuan /api/v1/news title=自己的 body=先上传 level=community section=community >/dev/null
both_ways() { "$LINLI" sync --dir "$(dir_of cuiyuan)" && shows cuiyuan /api/v1/news 汛情通报; }
ok "a sync that sends also brings what waits above" both_ways

post cuiyuan /api/v1/person name=李邻里 id_type=111 sex=1 kind=local status=living >/dev/null
ok "residents are found in their community" eventually shows cuiyuan '/api/v1/person?q=%E9%82%BB%E9%87%8C' 李邻里
ok "after another sync" sync_all
denied() { [ "$(curl -s -o /dev/null -w '%{http_code}' --max-time 10 -b "$E2E/xihu.jar" "$(url_of xihu)/api/v1/person")" = 403 ]; }
ok "and are nobody's business above" denied
ok "nor do they stand in the district's files" fails grep -qa 李邻里 "$(dir_of xihu)/linli.db"

verified() { # NODE: stock git checks every commit of every volume the node holds
    local dir repo c n=0
    dir=$(dir_of "$1")
    "$LINLI" show --dir "$dir" --signers >"$E2E/$1.signers" || return 1
    for repo in "$dir"/log/*/*.git; do
        for c in $(git --git-dir="$repo" rev-list refs/heads/main); do
            git --git-dir="$repo" -c gpg.format=ssh -c gpg.ssh.allowedSignersFile="$E2E/$1.signers" verify-commit "$c" || return 1
            n=$((n + 1))
        done
    done
    echo "$n commits"
    [ "$n" -ge 3 ]
}
volumes() { ls -d "$(dir_of "$1")"/log/*/*.git >/dev/null 2>&1 && [ "$(ls -d "$(dir_of "$1")"/log/*/*.git | wc -l)" -ge "$2" ]; }
ok "the logs stand in git repositories" eventually volumes xihu 3
ok "stock git checks every signature the district holds" eventually verified xihu
ok "and the community's own" eventually verified cuiyuan
strict() { for r in "$(dir_of cuiyuan)"/log/"$(status_of cuiyuan .node)"/*.git; do git --git-dir="$r" fsck --strict --no-dangling || return 1; done; }
ok "git fsck finds the community's own log whole" strict
sed -i 's/ ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI/ ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAJ/' "$E2E/xihu.signers"
unknown() { git --git-dir="$(ls -d "$(dir_of xihu)"/log/*/*.git | head -n 1)" -c gpg.format=ssh -c gpg.ssh.allowedSignersFile=/dev/null verify-commit refs/heads/main; }
ok "and refuses a signer it was not told of" fails unknown

ok "verify finds nothing wrong in the district" "$LINLI" verify --dir "$(dir_of xihu)"
as_data() { "$LINLI" verify --dir "$(dir_of xihu)" --json | jq -e '.wrong == 0 and .logs >= 3 and .segments >= 3 and .changes > 3'; }
ok "and says so to programs" as_data
versions() { [ "$("$LINLI" version --json | jq -c '[.exchange, .schema]')" = "$(status_of cuiyuan '[.exchange, .schema] | tojson')" ]; }
ok "the versions of exchange and schema are told" versions
own() { "$LINLI" show --dir "$(dir_of cuiyuan)" "$(status_of cuiyuan .node)" "$1"; }
one() { [ "$(own 1 | grep -c '^# ')" = 1 ]; }
ok "one segment is shown by its number" one
ok "one that is not there is missing" fails own 99999
ok "what is no number is refused" fails own 1x
in_words() { LC_ALL=zh_CN.UTF-8 "$LINLI" status --dir "$(dir_of cuiyuan)" | grep -q '^待上传：[0-9]' && LC_ALL=C "$LINLI" status --dir "$(dir_of cuiyuan)" | grep -q '^changes without a receipt: [0-9]'; }
ok "its state is told in both languages" in_words
ok "nor in the community" "$LINLI" verify --dir "$(dir_of cuiyuan)"
ok "rebuild reaches the same digests" "$LINLI" rebuild --dir "$(dir_of cuiyuan)"
ok "and the records are as before" eventually shows cuiyuan /api/v1/news 区里通知

part cuiyuan
late=$(post cuiyuan /api/v1/news title=断网也能发 body=照常工作 level=community section=community | id_of)
post cuiyuan "/api/v1/news/$late/steps" action=publish >/dev/null
ok "cut off, the community goes on" shows cuiyuan /api/v1/news 断网也能发
kill_node cuiyuan
serve_node cuiyuan
login cuiyuan juweihui linli-e2e-secret >/dev/null
ok "a kill -9 loses nothing that was answered" shows cuiyuan /api/v1/news 断网也能发
offline() { get cuiyuan /api/v1/status | jq -e '.sync.state == "offline" and .sync.unsent > 0' >/dev/null; }
ok "the strip says that it is offline and what waits" eventually offline
restore cuiyuan "${node_port[xihu]}"
ok "the uplink back, all goes up" eventually shows xihu /api/v1/news 断网也能发

code() { curl -s -o /dev/null -w '%{http_code}' --max-time 10 "$@"; }
api=$(url_of cuiyuan)/api/v1
ok "a wrong password is refused" is 401 code -H "Origin: $(url_of cuiyuan)" -H 'Content-Type: application/json' \
    -d '{"login":"juweihui","password":"falsch-falsch"}' "$api/session"
for _ in 1 2 3 4 5; do
    code -H "Origin: $(url_of cuiyuan)" -H 'Content-Type: application/json' -d '{"login":"shegong","password":"falsch-falsch"}' "$api/session" >/dev/null
done
ok "after five wrong passwords a login is locked for a while" is 429 code -H "Origin: $(url_of cuiyuan)" \
    -H 'Content-Type: application/json' -d '{"login":"shegong","password":"linli-e2e-secret"}' "$api/session"
ok "two lengths of one body are refused" is 400 code -X POST -H "Origin: $(url_of cuiyuan)" -H 'Content-Length: 2' \
    -H 'Transfer-Encoding: chunked' -d '{}' "$api/session"
ok "a body that is no JSON is refused" is 400 code -H "Origin: $(url_of cuiyuan)" -H 'Content-Type: application/json' -d '{"a":' "$api/session"
ok "so is one that names a key twice" is 400 code -H "Origin: $(url_of cuiyuan)" -H 'Content-Type: application/json' \
    -d '{"login":"a","login":"b"}' "$api/session"
ok "another site's page cannot write" is 403 code -b "$E2E/cuiyuan.jar" -H 'Origin: http://evil.example' \
    -H 'Content-Type: application/json' -d '{}' "$api/news"
ok "an unknown host name is refused" is 421 code -H 'Host: evil.example' "$(url_of cuiyuan)/"
ok "a body that is too large is refused" is 413 code -X POST -H "Origin: $(url_of cuiyuan)" -H 'Content-Length: 99999999' "$api/news"
out() { curl -s --compressed --max-time 10 --path-as-is "$(url_of cuiyuan)/assets/$1" | grep -q '^root:'; }
ok "no path leads out" fails out ../../../../../../../../etc/passwd
ok "nor does one in disguise" fails out ..%2f..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd
ok "an unsigned push is refused" is 401 code -X POST --data-binary x "$(url_of xihu)/sync/v1/log/$(status_of cuiyuan .node)?from=1"

# ---- history that is older than the node, as a first load brings it
build/tool/sample --out "$E2E/old" --seed 1 --today 2026-11-30 --persons 600 --dwellings 300 >/dev/null
history() { "$LINLI" load --dir "$(dir_of cuiyuan)" --collection person "$E2E"/old/*-person.jsonl; }
ok "a year's history is loaded" history
post cuiyuan /api/v1/news title=载入之后 body=照常 level=community section=community >/dev/null
level() { "$LINLI" sync --dir "$(dir_of cuiyuan)" --json | jq -e .level; }
ok "and goes up" eventually level
whole() { # NODE: each volume of the community's log that it holds, and all its segments
    local r n=0
    for r in "$(dir_of "$1")"/log/"$(status_of cuiyuan .node)"/*.git; do
        git --git-dir="$r" fsck --strict --no-dangling || return 1
        n=$((n + $(git --git-dir="$r" rev-list --count refs/heads/main)))
    done
    [ "$n" = "$(status_of cuiyuan .head)" ] || { echo "$n commits of $(status_of cuiyuan .head)"; return 1; }
}
ok "its volumes are whole at home" eventually whole cuiyuan
ok "and at the district" eventually whole xihu
every() { # what a node may not read of others' logs is promised, not missing
    local r n=0
    for r in "$E2E"/*/log/*/*.git; do
        git --git-dir="$r" fsck --strict --no-dangling || { echo "$r"; return 1; }
        n=$((n + 1))
    done
    [ "$n" -gt 10 ]
}
ok "git fsck accepts every volume of every node" every
stop_node cuiyuan
ok "a node stops cleanly and starts again" serve_node cuiyuan
