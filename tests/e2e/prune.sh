# Old volumes: a checkpoint, contents dropped behind it; stock git finds nothing wrong; rebuild, a drill and a new
# box begin with the checkpoint, and all digests stay.
. tests/e2e/lib.sh

start_node xihu 330106000000 district
start_node cuiyuan 330106005055 community xihu
user cuiyuan juweihui linli-e2e-secret committee >/dev/null
login cuiyuan juweihui linli-e2e-secret >/dev/null
touch "$E2E/xihu.jar"
of() { "$LINLI" status --dir "$(dir_of "$1")" --json | jq -r ".$2"; } # NODE KEY
is() { [ "$(of "$1" "$2")" = "$3" ] || { of "$1" "$2"; return 1; }; }
all_signed() { "$LINLI" sync --dir "$(dir_of cuiyuan)" >/dev/null && is cuiyuan unsent 0; }
paper=$(grep -o 'AGE-SECRET-KEY-1[A-Z0-9]*' "$E2E/cuiyuan.init")
me=$(of cuiyuan node)
later=$(($(date +%Y) + 1))q1 # everything written today is older than that
prune() { "$LINLI" prune --dir "$(dir_of "$1")" --before "$later" "${@:2}"; }

person=$(post cuiyuan /api/v1/person name=周检查 id_type=111 sex=1 kind=local status=living phone=13800000001 | jq -r .id)
photo=$(post cuiyuan /api/v1/news title=留下的新闻 body=正文 level=community section=community | jq -r .id)
post cuiyuan "/api/v1/news/$photo/steps" action=publish >/dev/null
change() { # phone
    curl -fsS --max-time 10 -X PATCH -b "$E2E/cuiyuan.jar" -H "Origin: $(url_of cuiyuan)" -H 'Content-Type: application/json' \
        -d "$(json "phone=$1")" "$(url_of cuiyuan)/api/v1/person/$person" >/dev/null
}
for i in 2 3 4; do
    ok "the phone is changed, and signed for ($i)" eval "change 1380000000$i && eventually all_signed"
done
ok "a dry run tells and changes nothing" eval 'prune cuiyuan --dry-run --json | jq -e "any(.checkpoint)" && ! sqlite3 "$(dir_of cuiyuan)/linli.db" "SELECT 1 FROM meta WHERE key LIKE '"'checkpoint/%'"'" | grep -q 1'
ok "an unknown quarter is refused with words" eval '! "$LINLI" prune --dir "$(dir_of cuiyuan)" --before 2026-01 >"$E2E/said" 2>&1 && grep -q 2026q4 "$E2E/said"'
ok "the first run makes a checkpoint" eval 'prune cuiyuan --json | jq -e "any(.checkpoint) and all(.dropped | not)"'
ok "and drops nothing before it is signed for" eval 'prune cuiyuan --json | jq -e "all(.dropped | not)"'
ok "it is signed for" eventually all_signed
volume=$(ls -d "$(log_of cuiyuan "$me")"/*.git)
files() { git -C "$1" rev-list --objects --all | wc -l; }
size() { du -sb "$1" | cut -f 1; }
exported() { [ "$(git -C "$volume" rev-list --count main)" -ge "$(of cuiyuan head)" ]; }
ok "all of it is in the volume" eventually exported
before=$(size "$volume")
commits=$(git -C "$volume" rev-list --count main)
gone() { prune "$1" --json | tee "$E2E/pruned.$1" | jq -e --arg log "$me" 'any(.log == $log and .dropped and .bytes > 0)'; }
ok "then the contents go" eventually gone cuiyuan
ok "and the district's copy of them" eventually gone xihu
ok "the volume is smaller" eval '[ "$(size "$volume")" -lt "$before" ]'

strict() { # NODE: every volume, by stock git
    local repo
    "$LINLI" show --dir "$(dir_of "$1")" --signers >"$E2E/$1.signers" || return 1
    for repo in "$(dir_of "$1")"/log/*/*.git; do
        git -C "$repo" fsck --strict --full 2>&1 | tee "$E2E/fsck" | grep -E 'missing|error|broken' && return 1
        for c in $(git -C "$repo" rev-list main); do
            git -C "$repo" -c gpg.format=ssh -c gpg.ssh.allowedSignersFile="$E2E/$1.signers" verify-commit "$c" || return 1
        done
    done
}
for n in cuiyuan xihu; do
    ok "git fsck finds nothing, every commit is signed ($n)" strict $n
    ok "verify tells what is checked by the checkpoint ($n)" eval '"$LINLI" verify --dir "$(dir_of '$n')" | grep -E "checkpoint in segments|检查点"'
    ok "the scrub finds nothing wrong behind it ($n)" eval '"$LINLI" scrub --dir "$(dir_of '$n')" --json | jq -es "length == 1 and .[0].found == 0 and .[0].segments > 0"'
done
ok "no commit is lost" eval '[ "$(git -C "$volume" rev-list --count main)" -ge "$commits" ]'
blob() { git -C "$volume" ls-tree "$1" | awk '/\.age$/ { print $3; exit }'; }
first=$(for c in $(git -C "$volume" rev-list --reverse main); do [ -n "$(blob "$c")" ] && echo "$c" && break; done)
ok "sealed contents are gone from it" fails git -C "$volume" cat-file -e "$(blob "$first")"
ok "public files stay" git -C "$volume" cat-file -e "$first:public.jsonl"
shows_phone() { get cuiyuan "/api/v1/person/$person?mask=0" | grep -q '周检查'; }
ok "the person is there" shows_phone
ok "a rebuild begins with the checkpoint" "$LINLI" rebuild --dir "$(dir_of cuiyuan)"
ok "the district's too" "$LINLI" rebuild --dir "$(dir_of xihu)"
ok "and all is there" shows_phone
change 13800000009
ok "work goes on" eventually all_signed
ok "git takes the next segments, too" eventually eval '[ "$(git -C "$volume" rev-list --count main)" -gt "$commits" ] && strict cuiyuan'
level() { "$LINLI" sync --dir "$(dir_of cuiyuan)" --json | jq -e '.level'; }
ok "box and district agree" eventually level
ok "a drill agrees" eval '"$LINLI" restore --dir "$(dir_of cuiyuan)" --drill --json <<<"$paper" | tee /dev/stderr | jq -e ".differing == 0 and .keys_missing == 0 and .records > 0"'

# it dies: the new box begins with the district's checkpoint
kill_node cuiyuan
mv "$(dir_of cuiyuan)" "$E2E/dead"
code=$("$LINLI" invite --dir "$(dir_of xihu)" --region 330106005055 --role community --continues "$me" | tail -n 1)
ok "a new box takes its place" eval '"$LINLI" restore --dir "$(dir_of cuiyuan)" --region 330106005055 --parent "http://127.0.0.1:${link_port[cuiyuan]}" --code "${code##* }" --json <<<"$paper" | sed -n "/^{/,\$p" >"$E2E/restored.json"'
ok "nothing is missing" jq -e ".keys_missing == 0 and .head == .receipt and .level" "$E2E/restored.json"
ok "accounts get new passwords" eval '"$LINLI" user card --dir "$(dir_of cuiyuan)" --login juweihui >"$E2E/card"'
serve_node cuiyuan
password=$(grep -o '[a-z0-9]\{5\}-[a-z0-9]\{5\}' "$E2E/card")
ok "which open" eval 'login cuiyuan juweihui "$password" >/dev/null'
ok "the person is there, from the checkpoint" shows_phone
ok "its logs and database agree" "$LINLI" verify --dir "$(dir_of cuiyuan)"
ok "the old box's log is checked by the checkpoint there" eval '"$LINLI" verify --dir "$(dir_of cuiyuan)" | grep "$me 1-"'

# a cut between dropping and making the volumes anew is mended at the next start
stop_node xihu
theirs=$(ls -d "$(log_of xihu "$me")"/*.git)
sqlite3 "$(dir_of xihu)/linli.db" "DELETE FROM meta WHERE key LIKE 'stripped/%'"
mv "$theirs" "$theirs.old"
mkdir "$theirs.new"
serve_node xihu
ok "a cut in between is mended at the next start" eventually eval 'strict xihu && [ ! -e "$theirs.old" ] && [ ! -e "$theirs.new" ]'

# by hand, without Linli: age, zstd and jq read what a checkpoint carries
by_hand() {
    local c name key
    for c in $(git -C "$volume.dead" rev-list main); do
        for name in $(git -C "$volume.dead" ls-tree --name-only "$c" | grep age$); do
            git -C "$volume.dead" cat-file -p "$c:$name" >"$E2E/sealed" 2>/dev/null || continue
            for key in $(sqlite3 "$E2E/dead/keys.db" "SELECT hex(secret) FROM epoch"); do
                node "$E2E/bech.mjs" "${key:0:64}" >"$E2E/epoch.key"
                age -d -i "$E2E/epoch.key" "$E2E/sealed" 2>/dev/null | zstd -dc 2>/dev/null | jq -ec 'select(.t == "checkpoint@1") | .f.lines[]? | select(.[1].o == "add" and .[1].t == "person@1")' && return 0
            done
        done
    done
    return 1
}
cat >"$E2E/bech.mjs" <<'JS'
// An age identity as text, from its 32 bytes (BIP-173).
const CH = "qpzry9x8gf2tvdw0s3jn54khce6mua7l", hrp = "age-secret-key-";
const poly = (v) => v.reduce((c, x) => {
  const t = c >>> 25;
  c = ((c & 0x1ffffff) << 5) ^ x;
  return [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3].reduce((a, g, i) => (t >>> i) & 1 ? a ^ g : a, c);
}, 1);
let bits = [...Buffer.from(process.argv[2], "hex")].map((b) => b.toString(2).padStart(8, "0")).join("");
bits = bits.padEnd(Math.ceil(bits.length / 5) * 5, "0");
const five = bits.match(/.{5}/g).map((b) => parseInt(b, 2));
const codes = [...hrp].map((c) => c.charCodeAt(0));
const p = poly([...codes.map((c) => c >> 5), 0, ...codes.map((c) => c & 31), ...five, 0, 0, 0, 0, 0, 0]) ^ 1;
const check = [0, 1, 2, 3, 4, 5].map((i) => (p >>> (5 * (5 - i))) & 31);
console.log((hrp + "1" + [...five, ...check].map((x) => CH[x]).join("")).toUpperCase());
JS
volume=$E2E/dead/log/$me/$(basename "$volume")
cp -r "$volume" "$volume.dead"
ok "a checkpoint is read by age, zstd and jq alone" by_hand
