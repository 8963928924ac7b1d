# SMS both ways through gammu-smsd and its dummy telephone: a report by SMS has a number at once, its answer is rated by "1", an
# unknown number comes to the desk, a broadcast's "收到" confirms, and nothing is sent or taken twice.
. tests/e2e/lib.sh
command -v gammu-smsd >/dev/null || die "gammu-smsd is missing: make deps-test"
start_node cuiyuan 330106005055 community
spool=$E2E/sms
mkdir -p "$spool/inbox" "$spool/outbox" "$spool/sent" "$spool/error" "$E2E/phone/sms/1"
stop_node cuiyuan
sed -i "s,^sms_dir = .*,sms_dir = $spool," "$E2E/cuiyuan/config"
serve_node cuiyuan
cat >"$E2E/smsdrc" <<RC
[gammu]
model = dummy
connection = none
port = $E2E/phone
gammuloc = /dev/null
[smsd]
service = files
logfile = $E2E/smsd.log
inboxpath = $spool/inbox/
outboxpath = $spool/outbox/
sentsmspath = $spool/sent/
errorsmspath = $spool/error/
inboxformat = unicode
transmitformat = unicode
commtimeout = 1
receivefrequency = 1
loopsleep = 1
checksecurity = 0
checkbattery = 0
checksignal = 0
RC
gammu-smsd -c "$E2E/smsdrc" >/dev/null 2>&1 &
link_pid[smsd]=$!
n=0
sms_from() { # NUMBER TEXT: what the telephone receives
    n=$((n + 1))
    printf '[SMSBackup000]\nSMSC = "+8613800571500"\nState = UnRead\nNumber = "%s"\nCoding = Unicode_No_Compression\nText00 = %s\nFolder = 1\nDateTime = 20261125T1015%02d\nClass = -1\n' \
        "$1" "$(printf %s "$2" | iconv -t UTF-16BE | od -An -v -tx1 | tr -d ' \n' | tr a-f A-F)" "$n" >"$E2E/phone/sms/.new"
    mv "$E2E/phone/sms/.new" "$E2E/phone/sms/1/$n"
}
sent_to() { iconv -f UTF-16LE "$spool"/sent/*_"$1"_*.txt 2>/dev/null | grep -qF -- "$2"; } # NUMBER TEXT
for r in worker committee; do user cuiyuan "$r" linli-e2e-secret "$r" >/dev/null; done
login cuiyuan committee linli-e2e-secret >/dev/null
U=$(url_of cuiyuan)/api/v1
raw() { curl -sS --max-time 10 -b "$E2E/cuiyuan.jar" -H "Origin: $(url_of cuiyuan)" -H 'Content-Type: application/json' "$@"; }
home=$(get cuiyuan /api/v1/session | jq -r '.memberships[0].home')
raw -d "{\"code\":\"lamp\",\"name\":\"路灯\",\"keywords\":[\"灯\"],\"handler\":\"$home\",\"tier\":\"community\",\"accept_hours\":8,\"done_hours\":24}" "$U/category" >/dev/null
person=$(raw -d '{"name":"沈阿婆","id_type":"990","kind":"local","birth":"1946-01-01","phone":"14200000001"}' "$U/person" | jq -r .id)

sms_from +8614200000001 "报事 楼道灯坏了"
WITHIN=30
ok "a report by SMS is a ticket" eventually shows cuiyuan '/api/v1/ticket' 楼道灯坏了
ticket=$(get cuiyuan /api/v1/ticket | jq -r '.items[0].id')
no=$(get cuiyuan "/api/v1/ticket/$ticket" | jq -r .f.no)
of_person() { [ "$(get cuiyuan "/api/v1/ticket/$ticket" | jq -r '.f.reporter')" = "$person" ] && get cuiyuan "/api/v1/ticket/$ticket/history" | jq -e '.items[0].channel == "sms"'; }
ok "of the person whose telephone it is, and it came by SMS" of_person
ok "its number is sent back at once" eventually sent_to 14200000001 "$no"
ok "under the node's name" sent_to 14200000001 【cuiyuan】
state() { [ "$(get cuiyuan "/api/v1/$1" | jq -r .state)" = "$2" ]; }
first_sent() { [ "$(get cuiyuan '/api/v1/sms_out?state=sent' | jq '.items | length')" -ge 1 ]; }
ok "what was sent says so" eventually first_sent
raw -d '{"action":"accept"}' "$U/ticket/$ticket/steps" >/dev/null
raw -d '{"action":"reply","note":"已换灯泡"}' "$U/ticket/$ticket/steps" >/dev/null
ok "the answer goes to the telephone, with a question" eventually sent_to 14200000001 "解决了吗？ 回复1=是"
sms_from 14200000001 " 1 "
ok "a 1 rates it as solved" eventually state "ticket/$ticket" rated
solved() { get cuiyuan "/api/v1/rating?ticket=$ticket" | jq -e '.items[0].f.solved == true'; }
ok "and so the rating says" solved

sms_from +8614200000077 "请问老年卡在哪里办"
ok "an unknown number comes to the desk" eventually shows cuiyuan '/api/v1/duty_item' 老年卡
item=$(get cuiyuan /api/v1/duty_item | jq -r '.items[0].id')
ok "and hears so" eventually sent_to 14200000077 值班人员会答复您
hidden() { get cuiyuan "/api/v1/duty_item/$item" | jq -e '.f.contact == "142****0077" and (.masked | index("contact"))'; }
ok "its number is masked" hidden
raw -d '{"action":"answer","set":{"answer":"社区服务窗口，带身份证。"}}' "$U/duty_item/$item/steps" >/dev/null
ok "the desk's answer goes back" eventually sent_to 14200000077 带身份证

list=$(raw -d "{\"name\":\"一人\",\"members\":[\"$person\"]}" "$U/contact_list" | jq -r .id)
thread=$(raw -d "{\"kind\":\"broadcast\",\"subject\":\"防汛\",\"list\":\"$list\"}" "$U/thread" | jq -r .id)
message=$(raw -d "{\"thread\":\"$thread\",\"body\":\"今晚有暴雨\",\"confirm\":true}" "$U/message" | jq -r .id)
raw -d "{\"phone\":\"14200000001\",\"template\":\"ask\",\"purpose\":\"urgent\",\"ref\":\"$message\",\"params\":{\"text\":\"今晚有暴雨，收到请回复。\"}}" "$U/sms_out" >/dev/null
ok "a warning goes out by SMS" eventually sent_to 14200000001 今晚有暴雨
sms_from 14200000001 收到
confirmed() { get cuiyuan "/api/v1/talk/$thread/reading?message=$message" | jq -e '.confirmed == 1'; }
ok "the word 收到 confirms it" eventually confirmed
once() { [ "$(get cuiyuan '/api/v1/ticket' | jq '.items | length')" = 1 ] && [ "$(ls "$spool"/sent | wc -l)" = "$(ls "$spool"/sent | sed 's/.*_//' | sort -u | wc -l)" ]; }
kill_node cuiyuan
serve_node cuiyuan
ok "nothing is taken or sent twice" once
printf 'x' >"$spool/inbox/IN20261125_101500_00_garbage_00.txt"
printf '报事 %s' "$(head -c 300 /dev/urandom | base64 -w0)" >"$spool/inbox/IN20261125_101501_00_+8614200000088_00.txt"
login cuiyuan committee linli-e2e-secret >/dev/null
WITHIN=15
two() { [ "$(get cuiyuan '/api/v1/ticket' | jq '.items | length')" = 2 ]; }
ok "a file nobody can read does not hold up the next" eventually two
