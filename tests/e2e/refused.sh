# What must be refused at a real node's door, with a reason, and without a trace: an expired login, segments tampered
# with, strangers' logs, a pack of deltas, bodies and headers that are not as they say.
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
says() { local text=$1; shift; ! "$@" >"$E2E/said" 2>&1 && grep -qE "$text" "$E2E/said" || { cat "$E2E/said"; return 1; }; }
node_of() { "$LINLI" status --dir "$(dir_of "$1")" --json | jq -r .node; }
code() { curl -s -o "$E2E/body" -w '%{http_code}' --max-time 20 -H "Origin: $(url_of cuiyuan)" -b "$E2E/cuiyuan.jar" "$@"; }
is() { [ "$("${@:2}")" = "$1" ] || { echo "want $1, have $("${@:2}")"; cat "$E2E/body"; return 1; }; }
api=$(url_of cuiyuan)/api/v1
ok "what is published arrives" news cuiyuan 照常发布
ok "at the district" eventually shows xihu /api/v1/news 照常发布

# ---- a login that is over
ok "a login works" is 200 code "$api/account?limit=1"
sqlite3 "$(dir_of cuiyuan)/linli.db" 'PRAGMA busy_timeout=5000; UPDATE session SET expires = 1' >/dev/null
over() { is 401 code "$api/account?limit=1"; }
WITHIN=10 ok "when it has expired it is asked for again" eventually over
ok "and the answer says so" grep -q '"code":"login"' "$E2E/body"
draft='{"title":"会话过期","body":"不丢","level":"community","section":"community"}'
ok "nothing is saved with it" is 401 code -H 'Content-Type: application/json' -d "$draft" "$api/news"
login cuiyuan juweihui linli-e2e-secret >/dev/null
ok "after a new login the same request is saved" is 201 code -H 'Content-Type: application/json' -d "$draft" "$api/news"

# ---- bodies and headers
raw() { # TEXT: what the node answers to these bytes
    timeout 10 node -e 'const s=require("net").connect(+process.argv[1],"127.0.0.1",()=>s.write(process.argv[2].replace(/\\r/g,"\r").replace(/\\n/g,"\n")));s.on("data",d=>{process.stdout.write(d)});s.on("error",()=>{});setTimeout(()=>s.destroy(),2500)' "${node_port[cuiyuan]}" "$1" | head -1
}
no() { case "$(raw "$1")" in *" 4"* | "") return 0 ;; *) raw "$1"; return 1 ;; esac; }
H='Host: 127.0.0.1\r\nOrigin: http://127.0.0.1\r\nContent-Type: application/json\r\n'
ok "two hosts are refused" no "GET /api/v1/status HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
ok "no host is refused" no "GET /api/v1/status HTTP/1.1\r\nConnection: close\r\n\r\n"
ok "two lengths are refused" no "POST /api/v1/session HTTP/1.1\r\n${H}Content-Length: 2\r\nContent-Length: 40\r\nConnection: close\r\n\r\n{}"
ok "a length beside chunks is refused" no "POST /api/v1/session HTTP/1.1\r\n${H}Content-Length: 2\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n"
ok "a negative length is refused" no "POST /api/v1/session HTTP/1.1\r\n${H}Content-Length: -5\r\nConnection: close\r\n\r\n{}"
ok "a line that is no request is refused" no "\r\n\r\nHELLO\r\n\r\n"
head -c 1200000 /dev/zero | tr '\0' 'a' | sed 's/^/{"title":"/; s/$/"}/' >"$E2E/large.json"
ok "JSON of more than 1 MiB is refused" is 413 code -H 'Content-Type: application/json' --data-binary "@$E2E/large.json" "$api/news"
ok "with words in both languages" grep -q '"zh":"' "$E2E/body"
leads_out() { code --path-as-is "$(url_of cuiyuan)/api/v1/../../node.key" >/dev/null; grep -qa 'PRIVATE KEY' "$E2E/body"; }
ok "a path that leaves leads nowhere" fails leads_out
ok "the node is well" is 200 code "$api/status"

# ---- logs
part cuiyuan
news cuiyuan 离线所写
"$LINLI" export --all --dir "$(dir_of cuiyuan)" "$E2E/stick" >/dev/null
node=$(node_of cuiyuan)
bundle=$(find "$E2E/stick" -name "$node*.bundle" | sort | head -n 1)
[ -s "$bundle" ] || die "no bundle on the stick"
size=$(stat -c %s "$bundle")
before=$("$LINLI" status --dir "$(dir_of xihu)" --json | jq -c .heads)
tampered() { # at fifty places a byte each: never taken, never a crash
    local i at
    for i in $(seq 50); do
        at=$((size * i / 51))
        cp "$bundle" "$E2E/one.bundle"
        printf '\x5a' | dd of="$E2E/one.bundle" bs=1 seek="$at" conv=notrunc 2>/dev/null
        cmp -s "$bundle" "$E2E/one.bundle" && continue
        "$LINLI" import --dir "$(dir_of xihu)" "$E2E/one.bundle" >"$E2E/said" 2>&1 && { echo "byte $at"; cat "$E2E/said"; return 1; }
        [ -s "$E2E/said" ] || { echo "byte $at: no word"; return 1; }
    done
    [ "$("$LINLI" status --dir "$(dir_of xihu)" --json | jq -c .heads)" = "$before" ]
}
ok "a segment in which any byte was changed is refused" tampered
for cut in 10 200 $((size / 2)) $((size - 1)); do
    head -c "$cut" "$bundle" >"$E2E/one.bundle"
    ok "a bundle cut after $cut bytes is refused" says . "$LINLI" import --dir "$(dir_of xihu)" "$E2E/one.bundle"
done
start_node anders 330106000000 district # of another tree
start_node fremd 330106005099 community anders
user fremd juweihui linli-e2e-secret committee >/dev/null
login fremd juweihui linli-e2e-secret >/dev/null
news fremd 陌生人所写
"$LINLI" export --dir "$(dir_of fremd)" "$E2E/strange" >/dev/null
ok "a log of a signer nobody certified is refused" says "nobody here knows who wrote it" "$LINLI" import --dir "$(dir_of xihu)" "$E2E/strange"
ok "and nothing of it is shown" fails shows xihu /api/v1/news 陌生人所写

# a pack as git makes it, with deltas: a small one that unfolds to 64 MiB
git init -q "$E2E/bomb"
(
    cd "$E2E/bomb" || exit 1
    head -c 32m /dev/zero >a && git add a && git -c user.name=x -c user.email=x@x commit -qm 1
    (head -c 32m /dev/zero; echo x) >a && git add a && git -c user.name=x -c user.email=x@x commit -qm 2
    git repack -adfq --depth=50 && git bundle create -q ../bomb.bundle --all
)
ok "the bomb is small" test "$(stat -c %s "$E2E/bomb.bundle")" -lt 200000
ref=$(git bundle list-heads "$bundle" | head -n 1 | cut -d' ' -f2)
sed -i "1,4s|refs/heads/[a-z]*|$ref|" "$E2E/bomb.bundle"
peak() { awk '/VmHWM/{print $2}' "/proc/${node_pid[xihu]}/status"; }
ok "a bomb of deltas is refused" says . "$LINLI" import --dir "$(dir_of xihu)" "$E2E/bomb.bundle"
small() { [ "$(peak)" -lt 131072 ]; }
ok "and took no memory" small
ok "the district's logs are as they were" "$LINLI" verify --dir "$(dir_of xihu)"
ok "the honest stick is still taken" "$LINLI" import --dir "$(dir_of xihu)" "$E2E/stick"
ok "and shows what was written" eventually shows xihu /api/v1/news 离线所写
