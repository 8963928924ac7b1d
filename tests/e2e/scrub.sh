# The scrub: bytes flipped in a row, a change, a digest, a segment, a volume, an attachment. Each is found, mended from
# what says how it was, told, and stands among the alarms; what nobody can mend is an alarm that stays.
. tests/e2e/lib.sh
start_node xihu 330106000000 district
start_node cuiyuan 330106005055 community xihu
for n in xihu:clerk cuiyuan:committee; do user "${n%:*}" "${n#*:}" linli-e2e-secret "${n#*:}" >/dev/null; done
dir=$(dir_of cuiyuan)
enter() { login "$1" "$2" linli-e2e-secret >/dev/null; }
enter cuiyuan committee && enter xihu clerk
of() { "$LINLI" status --dir "$(dir_of "$1")" --json | jq -r ".$2"; } # NODE KEY
is() { [ "$(of "$1" "$2")" = "$3" ] || { of "$1" "$2"; return 1; }; }
scrub() { # 0: all is well or mended, 1: damage is left; anything else is the scrub's own failure
    local rc=0
    "$LINLI" scrub --dir "$dir" --json >"$E2E/scrub" 2>"$E2E/said" || rc=$?
    cat "$E2E/scrub" "$E2E/said"
    [ "$rc" -le 1 ]
}
found() { jq -es "length == 1 and (.[0] | $1)" "$E2E/scrub" >/dev/null; } # JQ: of the last scrub
finds() { scrub && found "$1"; }
clean() { finds '.found == 0 and .left == 0'; }
sql() { sqlite3 "$dir/linli.db" "$1" || return 1; }
while_stopped() { stop_node cuiyuan && "$@" && serve_node cuiyuan && enter cuiyuan committee; }
flip() { # FILE OFFSET
    local old
    chmod u+w "$1"
    old=$(od -An -tu1 -j "$2" -N 1 "$1" | tr -d ' ')
    printf "\\x$(printf %02x $((old ^ 255)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

ruin() { # FILE…: not a byte of it stays
    local f
    for f in "$@"; do chmod u+w "$f" && head -c "$(stat -c %s "$f")" /dev/urandom | dd of="$f" conv=notrunc status=none; done
}

head -c 20000 /dev/urandom >"$E2E/photo.bin"
sha=$(curl -fsS -b "$E2E/cuiyuan.jar" -H "Origin: $(url_of cuiyuan)" -H 'Content-Type: application/octet-stream' --data-binary @"$E2E/photo.bin" "$(url_of cuiyuan)/api/v1/files?name=a.bin" | jq -r .sha)
for i in 1 2 3; do
    id=$(post cuiyuan /api/v1/news title="新闻$i" body=正文 level=community section=community | jq -r .id)
    post cuiyuan "/api/v1/news/$id/steps" action=publish >/dev/null
    "$LINLI" sync --dir "$dir" >/dev/null
done
curl -fsS -b "$E2E/cuiyuan.jar" -H "Origin: $(url_of cuiyuan)" -H 'Content-Type: application/json' -d "{\"title\":\"有图\",\"body\":\"正文\",\"level\":\"community\",\"section\":\"community\",\"cover\":{\"sha\":\"$sha\"}}" "$(url_of cuiyuan)/api/v1/news" >"$E2E/pictured"
pictured=$(jq -r .id "$E2E/pictured")
post cuiyuan "/api/v1/news/$pictured/steps" action=publish >/dev/null
ok "all is signed for" eventually is cuiyuan unsent 0
exported() { sql "SELECT count(*) FROM log WHERE volume < head" | grep -qx 0; }
ok "and exported" eventually exported
photo_there() { ls "$(dir_of xihu)/files/${sha:0:2}/${sha:2}" >/dev/null 2>&1; }
ok "the picture is at the district" eventually photo_there
ok "a whole node has no damage" clean
ok "and the numbers say what was looked at" finds '.segments > 3 and .records > 3 and .volumes > 1 and .files == 1'

# a row
while_stopped sql "UPDATE c_news SET title = '被改' WHERE title = '新闻1'"
ok "a row that says something else" finds '.found == 1 and .mended == 1'
ok "says again what its lines say" shows cuiyuan /api/v1/news 新闻1
ok "which stands among the alarms that are over" eval 'get cuiyuan /api/v1/alarms | jq -e ".items[] | select(.code == \"mended\" and .cleared_ms > 0)" >/dev/null'
# a change's time, which the digest holds
while_stopped sql "UPDATE change SET state = 1 WHERE n = (SELECT max(n) FROM change WHERE rec IS NOT NULL AND seq IS NOT NULL AND state = 0)"
ok "a change that lost its standing is found by its digest" finds '.found >= 1 and .left == 0'
ok "and mended by a replay" clean
# the digest itself
while_stopped sql "UPDATE audience SET digest = randomblob(16) WHERE digest <> zeroblob(16) AND n = (SELECT min(n) FROM audience WHERE digest <> zeroblob(16))"
ok "a digest that is wrong itself is summed anew" finds '.found >= 1 and .left == 0'
ok "and is right then" clean
# lines that vanished
while_stopped sql "DELETE FROM change WHERE n = (SELECT max(n) FROM change WHERE rec IS NOT NULL AND seq IS NOT NULL)"
ok "a change that vanished" finds '.found >= 1 and .left == 0'
ok "comes back by a replay" clean
# a segment's bytes in the database: the volume has them
while_stopped sql "UPDATE file SET bytes = randomblob(length(bytes)) WHERE rowid = (SELECT max(rowid) FROM file WHERE bytes IS NOT NULL AND log = (SELECT n FROM log WHERE mine = 1 ORDER BY length(id) LIMIT 1) AND seq <= (SELECT volume FROM log WHERE mine = 1 ORDER BY length(id) LIMIT 1))"
ok "a file of a segment" finds '.found == 1 and .mended == 1'
ok "comes from the volume" clean
while_stopped sql "UPDATE segment SET commit_object = zeroblob(300) WHERE seq = 2 AND log = (SELECT n FROM log WHERE mine = 1 ORDER BY length(id) LIMIT 1)"
ok "a commit" finds '.found >= 1 and .left == 0'
ok "comes from the volume, too" clean
# a volume
pack=$(ls "$dir"/log/*/*.git/objects/pack/*.pack | head -n 1)
flip "$pack" 40
ok "a flipped byte in a pack" finds '.found == 1 and .mended == 1'
fsck() { for v in "$dir"/log/*/*.git; do
    git -C "$v" fsck --strict || return 1; done; }
ok "makes the volume anew" clean
ok "which git finds whole" fsck
ok "and nothing of the old one stays" fails ls -d "$dir"/log/*/*.damaged
# a volume that is gone: nothing that is there is damaged
rm -rf "$dir"/log/330106005055-*/*.git
ok "volumes that are gone as a whole" finds '.found >= 1 and .mended == .found'
ok "are made anew" clean
ok "and git finds them whole" fsck
rm -f $(ls "$dir"/log/330106005055-*/*.git/objects/pack/pack-* | head -n 2)
ok "a pack that is gone from one" finds '.found == 1 and .mended == 1'
ok "is made anew, too" eval 'clean && fsck'
# segment and volume at once: the parent has it
while_stopped eval 'sql "UPDATE file SET bytes = randomblob(length(bytes)) WHERE rowid = (SELECT max(rowid) FROM file WHERE bytes IS NOT NULL AND log = (SELECT n FROM log WHERE mine = 1 ORDER BY length(id) LIMIT 1))"
    ruin "$dir"/log/*/*.git/objects/pack/*.pack'
ok "what neither has is asked of the parent" finds '.asked >= 1'
"$LINLI" sync --dir "$dir" >/dev/null
ok "the volume waits until it came" finds '.found >= 1 and .left == 0'
ok "and then all is whole" clean
ok "for git, too" fsck
# an attachment
flip "$dir/files/${sha:0:2}/${sha:2}" 100
ok "a flipped byte in an attachment" finds '.found == 1 and .asked == 1'
whole() { "$LINLI" sync --dir "$dir" >/dev/null; cmp -s <(curl -fsS -b "$E2E/cuiyuan.jar" "$(url_of cuiyuan)/api/v1/news/$pictured/files/$sha") "$E2E/photo.bin"; }
ok "it comes from the parent again" eventually whole
ok "and all is whole" clean
ok "the logs and database agree" "$LINLI" verify --dir "$dir"
# what nobody can mend: a root whose segment and volume are both gone
dir=$(dir_of xihu)
enter xihu clerk
stop_node xihu
sqlite3 "$dir/linli.db" "UPDATE file SET bytes = randomblob(length(bytes)) WHERE rowid = (SELECT max(rowid) FROM file WHERE bytes IS NOT NULL AND log = (SELECT n FROM log WHERE mine = 1 ORDER BY length(id) LIMIT 1))"
ruin "$dir"/log/*/*.git/objects/pack/*.pack
sed -i 's/^alarm_every_s = .*/alarm_every_s = 1/' "$dir/config"
serve_node xihu
enter xihu clerk
ok "what nobody can mend is said" fails "$LINLI" scrub --dir "$dir"
open_alarm() { get xihu /api/v1/alarms | jq -e '.items[] | select(.code == "damage" and .cleared_ms == 0)' >/dev/null; }
ok "and is an alarm" eventually open_alarm
