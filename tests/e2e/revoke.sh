# A stolen box: what it sealed before its loss stays, what its key signs afterwards is void, whatever date it bears.
. tests/e2e/lib.sh

start_node xihu 330106000000 district
start_node cuiyuan 330106005055 community xihu
start_node laoren 330106005056 community xihu
for n in cuiyuan laoren; do
    user $n juweihui linli-e2e-secret committee >/dev/null
    login $n juweihui linli-e2e-secret >/dev/null
done
touch "$E2E/xihu.jar"
news() { # NODE TITLE
    local id
    id=$(post "$1" /api/v1/news title="$2" body=正文 level=community section=community | jq -r .id) &&
        post "$1" "/api/v1/news/$id/steps" action=publish >/dev/null
}
node_of() { "$LINLI" status --dir "$(dir_of "$1")" --json | jq -r .node; }
news cuiyuan 被盗以前
ok "what the box published before arrives" eventually shows xihu /api/v1/news 被盗以前
box=$(node_of cuiyuan)
part cuiyuan

# the thief has the key: he sets the clock back to before the theft
stop_node cuiyuan
lib=$(dirname "$(dpkg -L libfaketime | grep -m1 'libfaketime.so.1$')")/libfaketime.so.1
[[ ${SAN:-} == address* ]] && lib=$(gcc -print-file-name=libasan.so):$lib
TSAN_OPTIONS=report_bugs=0 FAKETIME_DONT_FAKE_MONOTONIC=1 FAKETIME='@2026-01-02 08:00:00' LD_PRELOAD=$lib "$LINLI" serve --dir "$E2E/cuiyuan" --listen "127.0.0.1:${node_port[cuiyuan]}" >>"$E2E/cuiyuan.log" 2>&1 &
node_pid[cuiyuan]=$!
eventually up cuiyuan
login cuiyuan juweihui linli-e2e-secret >/dev/null
ok "with the clock turned back the thief publishes" news cuiyuan 盗贼所写
ok "and puts it on a stick" "$LINLI" export --dir "$(dir_of cuiyuan)" "$E2E/stick"

revoke() { "$LINLI" revoke --dir "$(dir_of xihu)" "$@"; }
says() { local text=$1; shift; ! "$@" >"$E2E/said" 2>&1 && grep -q "$text" "$E2E/said" || { cat "$E2E/said"; return 1; }; }
ok "a revocation has to be confirmed" says "yes" revoke "$box"
ok "a node that is not known cannot be revoked" says "is unknown" revoke 330106005055-aaaaaaaaaaaaaaaa --yes
ok "nor one above" says "does not stand above" "$LINLI" revoke --dir "$(dir_of laoren)" "$(node_of xihu)" --yes
ok "nor after a segment that is not there" says "not held" revoke "$box" --after 4000 --yes
ok "the district revokes the box" revoke "$box" --yes
ok "its stick is refused, and why" says "revoked" "$LINLI" import --dir "$(dir_of xihu)" "$E2E/stick"
restore cuiyuan "${node_port[xihu]}"
ok "its sync is refused, and why" says "revoked" "$LINLI" sync --dir "$(dir_of cuiyuan)"
ok "what it published before stays" shows xihu /api/v1/news 被盗以前
ok "what the thief wrote is nowhere" fails shows xihu /api/v1/news 盗贼所写
ok "the neighbour hears of it from the district" "$LINLI" sync --dir "$(dir_of laoren)"
ok "and refuses the thief's stick too" says "revoked" "$LINLI" import --dir "$(dir_of laoren)" "$E2E/stick"
ok "the district's logs are as they should be" "$LINLI" verify --dir "$(dir_of xihu)"
ok "and so after a rebuild" "$LINLI" rebuild --dir "$(dir_of xihu)"
