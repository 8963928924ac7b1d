#!/bin/bash
# make run: province, district and community on this machine, enrolled, syncing, with sample data; beside them a
# subdistrict and a second, smaller community below it, so that the district has something to compare (SMALL=1: without).
#   run.sh RUN PORT      data in RUN/{province,district,community,street,second}; ports PORT+2, PORT+1, PORT, PORT+3, PORT+4
# Uses nothing but the public commands of linli, and its API for a circular. Ctrl-C stops all; a second start goes on.
set -euo pipefail
cd "$(dirname "$0")/.."
run=$1
port=$2
linli=${LINLI:-build/linli}
declare -A region=([province]=330000000000 [district]=330106000000 [community]=330106005055 [street]=330106005000 [second]=330106005056)
declare -A name=([province]=浙江省 [district]=西湖区 [community]=翠苑一区社区 [street]=翠苑街道 [second]=翠苑二区社区)
declare -A at=([province]=$((port + 2)) [district]=$((port + 1)) [community]=$port [street]=$((port + 3)) [second]=$((port + 4)))
declare -A role=([province]=province [district]=district [community]=community [street]=subdistrict [second]=community)
nodes="second street community district province" # children first
[ -z "${SMALL:-}" ] || nodes="community district province"
declare -A pid=()
case "${LC_ALL:-${LC_MESSAGES:-${LANG:-zh}}}" in en*) en=1 ;; *) en= ;; esac
say() { if [ -n "$en" ]; then echo "$2"; else echo "$1"; fi; }
die() { say "失败：$1" "failed: $2" >&2; exit 1; }
url() { echo "http://127.0.0.1:${at[$1]}"; }

stop() {
    trap - EXIT INT TERM
    local who
    if [ -n "${reader:-}" ]; then kill "$reader" 2>/dev/null || :; fi # it may be gone already; nothing depends on it
    for who in $nodes; do # children first: each hands in what waits
        [ -n "${pid[$who]:-}" ] || continue
        kill -TERM "${pid[$who]}" 2>/dev/null || continue
        for _ in $(seq 100); do kill -0 "${pid[$who]}" 2>/dev/null || break; sleep 0.1; done
        kill -KILL "${pid[$who]}" 2>/dev/null && say "$who 未能按时停止" "$who did not stop in time"
        wait "${pid[$who]}" 2>/dev/null || true
    done
    rm -f "$run"/*.pid
    [ ${#pid[@]} -gt 0 ] && say "已全部停止。" "All stopped."
    exit "${1:-0}"
}
trap 'stop $?' EXIT
trap 'stop 0' INT TERM

init() { # NODE [--root]
    [ -d "$run/$1" ] && return
    say "建立 ${name[$1]} …" "creating $1 …"
    # the recovery key is printed once; here, beside the trial data, it is kept in a file
    (umask 077; $linli init --dir "$run/$1" --region "${region[$1]}" --role "${role[$1]}" --name "${name[$1]}" ${2:-} \
        >"$run/$1.recovery.txt" && sed -i 's/^sync_every_s = .*/sync_every_s = 10/; s/^stats_every_s = .*/stats_every_s = 30/' "$run/$1/config") || { rm -rf "${run:?}/$1"; die "无法建立 $1" "cannot create $1"; }
}

start() { # NODE
    (trap '' INT; exec $linli serve --dir "$run/$1" --listen "127.0.0.1:${at[$1]}") >>"$run/$1.log" 2>&1 &
    pid[$1]=$!
    echo "${pid[$1]}" >"$run/$1.pid"
    for _ in $(seq 150); do
        curl -fsS -o /dev/null --max-time 2 "$(url "$1")/sync/v1/hello" 2>/dev/null && return
        kill -0 "${pid[$1]}" 2>/dev/null || break
        sleep 0.1
    done
    tail -n 5 "$run/$1.log" >&2
    die "${name[$1]} 没有启动，见 $run/$1.log（端口 ${at[$1]} 是否被占用？）" \
        "$1 did not start, see $run/$1.log (is port ${at[$1]} taken?)"
}

enrol() { # CHILD PARENT
    [ -f "$run/$1.enrolled" ] && return
    say "${name[$1]} 加入 ${name[$2]} …" "$1 joins $2 …"
    local code
    code=$($linli invite --dir "$run/$2" --region "${region[$1]}" --role "${role[$1]}" | tail -n 1)
    $linli join --dir "$run/$1" --parent "$(url "$2")" --code "${code##* }" >>"$run/$1.log" 2>&1 ||
        { tail -n 5 "$run/$1.log" >&2; die "加入失败" "joining failed"; }
    touch "$run/$1.enrolled"
}

user() { # NODE LOGIN ROLE [--name SHOWN] [--person ID | --home ID]
    [ -f "$run/$1.user.$2" ] && return
    printf '%s\n' "linli-$2" | $linli user add --dir "$run/$1" --login "$2" --role "$3" "${@:4}" >>"$run/$1.log" 2>&1 ||
        { tail -n 5 "$run/$1.log" >&2; die "无法建立账号 $2" "cannot add login $2"; }
    touch "$run/$1.user.$2"
}

# A login of the sample world, who has a year of work behind them, gets the password of the others (node running).
known() { # NODE LOGIN
    [ -f "$run/$1.user.$2" ] && return
    local first jar=$run/.cookies
    first=$($linli user card --dir "$run/$1" --login "$2" 2>>"$run/$1.log" | grep -o '[a-z2-9]\{5\}-[a-z2-9]\{5\}') &&
        curl -fsS --max-time 20 -c "$jar" -o /dev/null -H "Origin: $(url "$1")" -H 'Content-Type: application/json' \
            -d "{\"login\":\"$2\",\"password\":\"$first\"}" "$(url "$1")/api/v1/session" &&
        curl -fsS --max-time 20 -b "$jar" -o /dev/null -H "Origin: $(url "$1")" -H 'Content-Type: application/json' \
            -d "{\"old\":\"$first\",\"new\":\"linli-$2\"}" "$(url "$1")/api/v1/session/password" ||
        die "无法启用账号 $2" "cannot give $2 a password"
    rm -f "$jar"
    touch "$run/$1.user.$2"
}

load() { # NODE FOLDER SEED MORE...: generates a community's year and loads it, file by file
    local f c n=$1 d=$run/$2
    [ -f "$d.loaded" ] && return
    say "生成 ${name[$n]} 的示例数据（虚构居民）…" "generating sample data of $n (invented residents) …"
    build/tool/sample --out "$d" --seed "$3" --today "$(TZ=Asia/Shanghai date +%F)" "${@:4}"
    for f in "$d"/[0-9]*.jsonl; do
        c=$(basename "$f" .jsonl)
        [ -f "$d/$c.done" ] && continue
        say "  载入 ${c#*-}（$(wc -l <"$f") 条）" "  loading ${c#*-} ($(wc -l <"$f"))"
        $linli load --dir "$run/$n" --collection "${c#*-}" "$f" >>"$run/$n.log" 2>&1 ||
            { tail -n 5 "$run/$n.log" >&2; die "载入 ${c#*-} 失败" "loading ${c#*-} failed"; }
        touch "$d/$c.done"
    done
    touch "$d.loaded"
}

api() { # NODE LOGIN PATH JSON: as that person, prints the answer
    local jar=$run/.cookies
    curl -fsS --max-time 20 -c "$jar" -o /dev/null -H "Origin: $(url "$1")" -H 'Content-Type: application/json' \
        -d "{\"login\":\"$2\",\"password\":\"linli-$2\"}" "$(url "$1")/api/v1/session" &&
        curl -fsS --max-time 20 -b "$jar" -H "Origin: $(url "$1")" -H 'Content-Type: application/json' -d "$4" "$(url "$1")/api/v1$3"
    rm -f "$jar"
}
id_of() { sed 's/.*"id":"\([0-9a-v]\{20\}\)".*/\1/'; }

# What only nodes can do together: a circular to both communities, and a resident who moves from one to the other.
together() {
    [ -f "$run/together" ] && return
    local id
    id=$(api district clerk /circular '{"no":"西政〔2026〕12号","title":"冬季用火用电安全检查","level":"urgent","body":"请各社区检查楼道和电动车充电棚，逐幢报告。","targets":["330106005055","330106005056"]}' | id_of)
    api district clerk "/circular/$id/steps" '{"action":"issue"}' >/dev/null
    api second worker /move_out "{\"person\":\"$(first_of second-sample person '"name"')\",\"to_region\":\"330106005055\",\"address\":\"翠苑一区 3 幢\",\"note\":\"听力不好，请慢慢说\"}" >/dev/null
    touch "$run/together"
}
first_of() { grep -hm1 -- "$3" "$run/$1/"[0-9]*-"$2".jsonl | sed 's/.*"i":"\([0-9a-v]*\)".*/\1/' | head -n 1; }

mkdir -p "$run"
[ ! -f "$run/loaded" ] || touch "$run/sample.loaded" # data of an earlier version
init province --root
init district
init community
start province
enrol district province
start district
enrol community district
load community sample 1
if [ -z "${SMALL:-}" ]; then
    init street
    init second
    enrol street district
    start street
    enrol second street
    load second second-sample 2 --persons 900 --dwellings 340 --region 330106005056 --place 翠苑二区
    user second committee committee --name 居委会老林
    user second resident resident --name 居民
    user street clerk clerk --name 街道经办
fi
# people of the sample world: who lives there, and who speaks for which home
first() { first_of sample "$@"; }
named=$(grep -hm1 -o '"name":"[^"]*"' "$run/sample/"[0-9]*-person.jsonl | head -n 1 | cut -d'"' -f4)
volunteer() { grep -hm1 "\"$1\":" "$run/sample/"[0-9]*-volunteer.jsonl | sed "s/.*\"$1\":\"\([^\"]*\)\".*/\1/"; }
helper=$(volunteer name)
user community resident resident --name "$named" --person "$(first person '"name"')"
user community committee committee --name 居委会老周
user community centre centre --name 中心窗口 --home "$(first home '"kind":"centre"')"
user community party party --name 党组织书记 --home "$(first home '"kind":"party"')"
user community property property --name 物业管家 --home "$(first home '"kind":"property"')"
user community owners owners --name 业委会主任 --home "$(first home '"kind":"owners"')"
user community merchant merchant --name 小李师傅 --home "$(first home '"kind":"merchant"')"
user community volunteer volunteer --name "$helper" --person "$(volunteer person)" --home "$(first home '"kind":"volunteer"')"
user community social social --name 社会组织联络员 --home "$(first home '"kind":"social"')"
user community supervisor supervisor --name 监督员老金
user community admin admin --name 管理员小何
user district clerk clerk --name 区民政经办
user province province province --name 省厅经办
start community
known community worker
if [ -z "${SMALL:-}" ]; then
    start second
    known second worker
    together || say "（示例公文未能发出，不影响使用）" "(the sample circular was not sent; nothing else depends on it)"
fi

say "
  社区 翠苑一区社区   $(url community)   居民 resident · 社工 worker · 居委会 committee
                                             党组织 party · 中心 centre · 物业 property · 业委会 owners · 商家 merchant
                                             志愿者 volunteer · 社会组织 social · 监督员 supervisor · 管理员 admin
  区县 西湖区         $(url district)   区县经办 clerk
  省   浙江省         $(url province)   省级 province
$([ -n "${SMALL:-}" ] || echo "
  另有 翠苑街道       $(url street)   街道经办 clerk
       翠苑二区社区   $(url second)   社工 worker · 居委会 committee · 居民 resident
")
  密码是 linli-<登录名>，例如 linli-worker。数据在 $run；按 Ctrl-C 停止。" "
  community  $(url community)   logins resident, worker, committee, party, centre, property,
                                     owners, merchant, volunteer, social, supervisor, admin
  district   $(url district)   login clerk
  province   $(url province)   login province
$([ -n "${SMALL:-}" ] || echo "
  beside them: subdistrict $(url street)   login clerk
               a second community $(url second)   logins worker, committee, resident
")
  The password is linli-<login>, for example linli-worker. Data in $run; Ctrl-C stops."

# One that ends, by itself or by somebody's hand, leaves the others to go on; Enter starts it again.
ended=
watch() {
    local who rc
    for who in $nodes; do
        [ -n "${pid[$who]:-}" ] && ! kill -0 "${pid[$who]}" 2>/dev/null || continue
        wait "${pid[$who]}" && rc=0 || rc=$?
        unset "pid[$who]"
        rm -f "$run/$who.pid"
        ended="$who $ended" # parents first
        say "${name[$who]} 已停止（退出码 $rc，见 $run/$who.log），其余照常运行。在此按回车重新启动。" \
            "$who stopped (exit code $rc, see $run/$who.log), the others go on. Press Enter here to start it again."
    done
    [ ${#pid[@]} -gt 0 ] || die "没有节点在运行" "no node is left"
}
again() {
    local who
    for who in $ended; do start "$who" && say "${name[$who]} 又在运行。" "$who runs again."; done
    ended=
}
wanted=
trap 'wanted=1' USR1
if [ -t 0 ]; then # not `read -t` here: its clock would cut short what Ctrl-C began
    me=$$
    exec 3<&0 # what runs in the background has no stdin of its own
    { while read -r _ <&3; do kill -USR1 "$me"; done; } &
    reader=$!
    exec 3<&-
fi
while :; do
    watch
    if [ -n "$wanted" ]; then
        wanted=
        again
    fi
    sleep 1 & wait $! || true
done
