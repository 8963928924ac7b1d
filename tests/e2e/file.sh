# A photo in a report: sealed on the box, carried to the district after the text, opened there once the
# report is escalated, judged by stock age and sha256sum; kills, cuts and crooked uploads lose nothing.
. tests/e2e/lib.sh
start_node district 330106000000 district
start_node cuiyuan 330106005055 community district
for l in jumin:resident shegong:worker juweihui:committee; do user cuiyuan "${l%:*}" linli-e2e-secret "${l#*:}" >/dev/null; done
user district qu linli-e2e-secret clerk >/dev/null
call() { # NODE METHOD PATH [curl options]: status, body in $E2E/body
    curl -s --max-time 20 -o "$E2E/body" -w '%{http_code}' -b "$E2E/$1.jar" -H "Origin: $(url_of "$1")" -X "$2" "${@:4}" "$(url_of "$1")$3"
}
login cuiyuan juweihui linli-e2e-secret >/dev/null
home=$(get cuiyuan '/api/v1/membership?limit=1' | jq -r '.items[0].f.home')
category=$(curl -s -b "$E2E/cuiyuan.jar" -H "Origin: $(url_of cuiyuan)" -H 'Content-Type: application/json' \
    -d "{\"code\":\"lamp\",\"name\":\"路灯\",\"handler\":\"$home\",\"tier\":\"community\",\"accept_hours\":4,\"done_hours\":24}" "$(url_of cuiyuan)/api/v1/category" | jq -r .id)
photo=$E2E/photo.jpg
{ printf '\xff\xd8\xff\xe0'; head -c 3000000 /dev/urandom; } >"$photo"
upload() { call "$1" POST "/api/v1/files?name=$2" -H 'Content-Type: application/octet-stream' --data-binary "@$3"; }
is() { [ "$("${@:2}")" = "$1" ] || { echo "want $1, have $("${@:2}")"; cat "$E2E/body"; return 1; }; }
ok "a guest cannot bring files" is 401 curl -s -o "$E2E/body" -w '%{http_code}' -H "Origin: $(url_of cuiyuan)" --data-binary x "$(url_of cuiyuan)/api/v1/files?name=a"
login cuiyuan jumin linli-e2e-secret >/dev/null
ok "a photo is taken" is 201 upload cuiyuan %E8%B7%AF%E7%81%AF.jpg "$photo"
sha=$(jq -r .sha "$E2E/body")
ok "its type is read from its bytes" is image/jpeg jq -r .type "$E2E/body"
ok "its key stays inside" is null jq -r .key "$E2E/body"
: >"$E2E/empty"
ok "an empty file is refused" is 422 upload cuiyuan a.jpg "$E2E/empty"
ok "a name with a path is refused" is 422 upload cuiyuan ..%2Fa.jpg "$photo"
head -c 17000000 /dev/zero >"$E2E/large"
ok "a file above the ceiling is refused" is 413 upload cuiyuan a.bin "$E2E/large"
# a small copy, before the record names the photo
small=$E2E/small.jpg
{ printf '\xff\xd8\xff\xe0'; head -c 20000 /dev/urandom; } >"$small"
small_of() { call cuiyuan POST "/api/v1/files?small_of=$1" -H 'Content-Type: application/octet-stream' --data-binary "@$2"; }
ok "a small copy that is no picture is refused" is 422 small_of "$sha" tests/e2e/lib.sh
ok "in words of both languages" grep -q '小图应为 JPEG.*' "$E2E/body"
ok "nor is one too large taken" is 422 small_of "$sha" "$photo"
ok "nor one of a file that was never brought" is 422 small_of "$(printf 'ab%.0s' $(seq 32))" "$small"
ok "a small copy is taken" is 201 small_of "$sha" "$small"
small_sha=$(jq -r .small.sha "$E2E/body")
ok "once" is 422 small_of "$sha" "$small"
file() { jq -cn --arg c "$category" --arg s "$1" '{kind:"event",category:$c,title:"路灯不亮",body:"三幢门口",files:[{sha:$s}]}'; }
report() { call cuiyuan POST /api/v1/ticket -H 'Content-Type: application/json' -d "$(file "$1")"; }
ok "a report cannot name what was never brought" is 422 report "$(printf 'ab%.0s' $(seq 32))"
login cuiyuan juweihui linli-e2e-secret >/dev/null
ok "on a link that is paid by volume" is 200 call cuiyuan PATCH /api/v1/uplink -H 'Content-Type: application/json' -d '{"metered":true}'
login cuiyuan jumin linli-e2e-secret >/dev/null
ok "a report names the photo" is 201 report "$sha"
t=$(jq -r .id "$E2E/body")
ok "and has its small copy" is "$small_sha" jq -r '.f.files[0].small.sha' "$E2E/body"
ok "a report cannot name the small copy alone" is 422 report "$small_sha"
ok "the photo is named once: another report cannot take it" is 422 report "$sha"
same() { [ "$(call "$1" GET "/api/v1/ticket/$t/files/$sha")" = 200 ] && cmp "$E2E/body" "$photo"; }
ok "the resident sees the photo" same cuiyuan
bytes() { [ "$(call "$1" GET "/api/v1/ticket/$t/files/$2")" = 200 ] && cmp "$E2E/body" "$3"; }
ok "and its small copy" bytes cuiyuan "$small_sha" "$small"
ok "no key in record and history" fails grep -q AGE-SECRET "$E2E/body" <(get cuiyuan "/api/v1/ticket/$t") <(get cuiyuan "/api/v1/ticket/$t/history")
ok "on the disk it is an age file of that name" test "$(sha256sum <"$E2E/cuiyuan/files/${sha:0:2}/${sha:2}" | cut -c-64)" = "$sha"
key() { sqlite3 "$E2E/cuiyuan/linli.db" "SELECT json_extract(files, '\$[0].key') FROM c_ticket" >"$E2E/key"; age -d -i "$E2E/key" "$E2E/cuiyuan/files/${sha:0:2}/${sha:2}" | cmp - "$photo"; }
ok "stock age opens it" key
ok "and the small copy with the same key" eval 'age -d -i "$E2E/key" "$E2E/cuiyuan/files/${small_sha:0:2}/${small_sha:2}" | cmp - "$small"'
holds() { [ "$(sha256sum <"$E2E/district/files/${1:0:2}/${1:2}" 2>/dev/null | cut -c-64)" = "$1" ]; }
held() { holds "$sha"; }
ok "the small copy reaches the district" eventually eval '"$LINLI" sync --dir "$E2E/cuiyuan" >/dev/null; holds "$small_sha"'
ok "before the large one, which waits" fails held
login district qu linli-e2e-secret >/dev/null
ok "which nobody there can open: the report is not theirs" is 404 call district GET "/api/v1/ticket/$t/files/$small_sha"
ok "nor is the key in the district's databases" fails grep -qaf "$E2E/key" "$E2E/district/linli.db" "$E2E/district/linli.db-wal" "$E2E/district/keys.db"
login cuiyuan shegong linli-e2e-secret >/dev/null
post cuiyuan "/api/v1/ticket/$t/steps" action=escalate note=需要区里换灯杆 >/dev/null
ok "escalated, the clerk sees the small copy" eventually eval '"$LINLI" sync --dir "$E2E/cuiyuan" >/dev/null; bytes district "$small_sha" "$small"'
ok "and is told that the large one has not come" is 404 call district GET "/api/v1/ticket/$t/files/$sha"
ok "not that there is none" is not_here jq -r .code "$E2E/body"
login cuiyuan juweihui linli-e2e-secret >/dev/null
ok "on a better link" is 200 call cuiyuan PATCH /api/v1/uplink -H 'Content-Type: application/json' -d '{"metered":false}'
ok "the district holds the photo, too" eventually eval '"$LINLI" sync --dir "$E2E/cuiyuan" >/dev/null; held'
ok "and the clerk sees it" eventually same district
# The clerk's own photo of the work comes down; the link is cut in the middle, the box killed.
part cuiyuan
{ printf '\x89PNG\r\n\x1a\n'; head -c 9000000 /dev/urandom; } >"$E2E/done.png"
upload district done.png "$E2E/done.png" >/dev/null
done_sha=$(jq -r .sha "$E2E/body")
step() { call "$1" POST "/api/v1/ticket/$t/steps" -H 'Content-Type: application/json' -d "$2"; }
ok "a step sets only what it may" is 403 step district '{"action":"handle","set":{"due":1}}'
ok "the clerk handles it with a photo" is 200 step district "$(jq -cn --arg s "$done_sha" '{action:"handle",set:{result_files:[{sha:$s}]}}')"
restore cuiyuan "${node_port[district]}"
for _ in 1 2 3; do kill_node cuiyuan; serve_node cuiyuan; sleep 0.3; done
got() { "$LINLI" sync --dir "$E2E/cuiyuan" >/dev/null; [ "$(call cuiyuan GET "/api/v1/ticket/$t/files/$done_sha")" = 200 ] && cmp "$E2E/body" "$E2E/done.png"; }
login cuiyuan shegong linli-e2e-secret >/dev/null
ok "it arrives at the box in spite of kills and cuts" eventually got
# the box dies between the last byte and the last step
kill_node cuiyuan
mv "$E2E/cuiyuan/files/${done_sha:0:2}/${done_sha:2}" "$E2E/cuiyuan/files/part/$done_sha"
sqlite3 "$E2E/cuiyuan/linli.db" "UPDATE attachment SET whole = 0 WHERE hex(sha) = upper('$done_sha')"
serve_node cuiyuan
ok "bytes that had all come when the box died are not asked for again, and count" eventually got
kill_node district
mv "$E2E/district/files/${sha:0:2}/${sha:2}" "$E2E/district/files/part/$sha"
sqlite3 "$E2E/district/linli.db" "UPDATE attachment SET whole = 0 WHERE hex(sha) = upper('$sha')"
sqlite3 "$E2E/cuiyuan/linli.db" "UPDATE attachment SET up = 1 WHERE hex(sha) = upper('$sha')"
serve_node district
ok "nor is a parent, that died so, said to hold what it has not finished" eventually eval '"$LINLI" sync --dir "$E2E/cuiyuan" >/dev/null; held'
ok "the databases verify" "$LINLI" verify --dir "$E2E/cuiyuan"
login cuiyuan jumin linli-e2e-secret >/dev/null
ok "a neighbour sees neither" test "$(user cuiyuan linju linli-e2e-secret resident >/dev/null; login cuiyuan linju linli-e2e-secret >/dev/null; call cuiyuan GET "/api/v1/ticket/$t/files/$sha")" = 404
