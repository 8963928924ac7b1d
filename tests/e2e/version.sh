# A community that is a version ahead of its district and province: what these do not know they carry on untouched and
# show once they follow. An older program refuses a newer database with words, and there is a way back.
. tests/e2e/lib.sh
this=$LINLI
next=$PWD/build/next/linli
make -s build/next/linli >/dev/null || die "no program of a version to come"

start_node zhejiang 330000000000 province
start_node xihu 330106000000 district zhejiang
start_node cuiyuan 330106005055 community xihu
for n in zhejiang:province xihu:clerk cuiyuan:committee; do user "${n%:*}" "${n#*:}" linli-e2e-secret "${n#*:}" >/dev/null; done
enter() { login "$1" "$2" linli-e2e-secret >/dev/null; }
enter cuiyuan committee && enter xihu clerk && enter zhejiang province
news() { # TITLE key=value…
    local id title=$1
    shift
    id=$(post cuiyuan /api/v1/news title="$title" body=正文 level=community section=community "$@" | jq -r .id) &&
        post cuiyuan "/api/v1/news/$id/steps" action=publish >/dev/null
}
of() { "$LINLI" status --dir "$(dir_of "$1")" --json | jq -r ".$2"; } # NODE KEY
is() { [ "$(of "$1" "$2")" = "$3" ] || { of "$1" "$2"; return 1; }; }
folder() { ls "$(dir_of "$1")"; }
runs() { stop_node "$1"; LINLI=$2; serve_node "$1"; LINLI=$this; } # NODE PROGRAM
mood() { get "$1" /api/v1/news | jq -e --arg m "$2" 'any(.items[]; .f.mood == $m)' >/dev/null; }
agree() { # NODE: its parent's receipts are all here, and it finds the same digests
    "$LINLI" sync --dir "$(dir_of xihu)" && "$LINLI" sync --dir "$(dir_of cuiyuan)" || return 1
    get "$1" /api/v1/nodes | jq -e '[.items[] | select(.child) | .digest] | length > 0 and all(. == 1)' >/dev/null
}

news 升级之前
ok "news of this version goes up" eventually shows zhejiang /api/v1/news 升级之前
schema=$(basename "$(ls node/store/sql/*.sql | tail -n 1)" | sed 's/^0*//; s/-.*//')
runs cuiyuan "$next"
enter cuiyuan committee
ok "an upgrade lays a copy of the database beside" test -s "$(dir_of cuiyuan)/linli.db.before-$schema"
ok "which nobody else can read" test "$(stat -c %a "$(dir_of cuiyuan)/linli.db.before-$schema")" = 600
ok "what was there is there" shows cuiyuan /api/v1/news 升级之前
post cuiyuan /api/v1/pet name=旺财 kind=狗 >/dev/null
news 升级之后 mood=高兴
ok "a community ahead sends to a district behind" eventually shows xihu /api/v1/news 升级之后
ok "and the district to the province" eventually shows zhejiang /api/v1/news 升级之后
ok "all of it has its receipt" eventually is cuiyuan unsent 0
ok "nobody refused anything" eval 'is xihu refused 0 && is zhejiang refused 0'
ok "the district has no such collection" fails get xihu /api/v1/pet
ok "its digest agrees all the same" eventually agree xihu
ok "and so does the province's" eventually agree zhejiang
ok "the district's logs and database agree" "$this" verify --dir "$(dir_of xihu)"

runs xihu "$next"
enter xihu clerk
ok "once upgraded the district shows the collection" shows xihu /api/v1/pet 旺财
ok "and the field" mood xihu 高兴
ok "a parent ahead serves a child of its own version" eval 'news 两边都新 mood=平静 && eventually mood xihu 平静'
runs zhejiang "$next"
enter zhejiang province
ok "the province, two versions of its children later, too" eval 'shows zhejiang /api/v1/pet 旺财 && mood zhejiang 高兴'
ok "its logs and database agree" "$next" verify --dir "$(dir_of zhejiang)"
ok "also after a rebuild" eval '"$next" rebuild --dir "$(dir_of zhejiang)" && shows zhejiang /api/v1/pet 旺财'

# the way back
eventually is cuiyuan unsent 0
ok "an open node does not go back" fails "$next" back --dir "$(dir_of cuiyuan)"
stop_node cuiyuan
says() { local text=$1; shift; ! "$@" >"$E2E/said" 2>&1 && grep -q "$text" "$E2E/said" || { cat "$E2E/said"; return 1; }; }
ok "the older program refuses the newer database" says "newer linli (schema 900" "$this" serve --dir "$(dir_of cuiyuan)"
ok "in Chinese, too" says 数据库由更新版本的程序建立 env LC_ALL=zh_CN.UTF-8 "$this" serve --dir "$(dir_of cuiyuan)"
ok "and says what to do" says "linli back" "$this" status --dir "$(dir_of cuiyuan)"
part cuiyuan
LINLI=$next serve_node cuiyuan
enter cuiyuan committee
news 未上传
stop_node cuiyuan
ok "with unsent changes it does not go back unasked" says "not sent yet" "$this" back --dir "$(dir_of cuiyuan)"
LINLI=$next serve_node cuiyuan
restore cuiyuan "${node_port[xihu]}"
enter cuiyuan committee
ok "they are sent first" eventually is cuiyuan unsent 0
goes_back() { # what it counts for the district may have come after the rest was sent: that goes first, too
    stop_node cuiyuan
    "$this" back --dir "$(dir_of cuiyuan)" && return
    LINLI=$next serve_node cuiyuan
    eventually is cuiyuan unsent 0
    return 1
}
ok "the older program goes back by itself" eventually goes_back
ok "the newer database stays beside" test -s "$(dir_of cuiyuan)/linli.db.after-900"
serve_node cuiyuan
enter cuiyuan committee
ok "it runs, and gets back what was sent since" eventually shows cuiyuan /api/v1/news 未上传
ok "the doubt about the older database is settled" eventually is cuiyuan doubt ""
ok "a child behind works under a parent ahead" eval 'news 退回之后 && eventually shows xihu /api/v1/news 退回之后'
ok "its logs and database agree" "$this" verify --dir "$(dir_of cuiyuan)"
ok "there is nothing to go back to any more" says "no copy" eval 'stop_node cuiyuan; "$this" back --dir "$(dir_of cuiyuan)"; rc=$?; serve_node cuiyuan; [ $rc = 0 ]'
runs cuiyuan "$next"
enter cuiyuan committee
ok "upgraded again it shows the newer version's own records" shows cuiyuan /api/v1/pet 旺财
ok "and fields" mood cuiyuan 高兴
ok "its digest agrees" eventually agree xihu
