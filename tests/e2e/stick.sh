# No link at all: a courier carries one stick for several nodes, and stock tools read what is on it. What is wrong with
# a stick is told in words, and nothing of it is taken in.
. tests/e2e/lib.sh
export LANG=zh_CN.UTF-8

start_node xihu 330106000000 district
start_node cuiyuan 330106005055 community xihu
start_node gudang 330106009001 community xihu
for c in cuiyuan gudang; do
    user $c juweihui linli-e2e-secret committee >/dev/null
    login $c juweihui linli-e2e-secret >/dev/null
done
touch "$E2E/xihu.jar"
say() { # NODE TITLE
    local id
    id=$(post "$1" /api/v1/news "title=$2" body=没有网络 level=community section=community | jq -r .id)
    post "$1" "/api/v1/news/$id/steps" action=publish >/dev/null
}
take() { "$LINLI" import --dir "$(dir_of "$1")" "${@:2}"; }
write() { "$LINLI" export --dir "$(dir_of "$1")" "${@:2}"; }
status() { "$LINLI" status --dir "$(dir_of "$1")" --json | jq -r ".$2"; }
says() { "${@:2}" >"$E2E/said" 2>&1; grep -qF -- "$1" "$E2E/said" || { cat "$E2E/said"; false; }; } # WORDS COMMAND…
refused() { ! "${@:2}" >"$E2E/said" 2>&1 && grep -qF -- "$1" "$E2E/said" || { cat "$E2E/said"; false; }; }
signed() { # NODE LETTER: its own log has receipts as far as the letter brought it (what it counts by itself may follow later)
    local id last got
    id=$(status "$1" node)
    last=$(jq --arg log "$id" '[.files[] | select(.log == $log) | .last] | max' "$2/index.json")
    got=$(status "$1" "heads.\"$id\".receipt")
    [ "$got" -ge "$last" ] || { echo "$got of $last"; return 1; }
}
D=$(status xihu node) C=$(status cuiyuan node) G=$(status gudang node)
part cuiyuan
part gudang
say cuiyuan 步行送达
say gudang 山里来信
post cuiyuan /api/v1/person name=赵背包 id_type=111 kind=local >/dev/null

# --- one stick, several nodes, there and back
stick=$E2E/stick
ok "two communities write onto one stick" eval 'write cuiyuan "$stick" && write gudang "$stick"'
letter=$stick/$C-for-$D
bundle=$(ls "$letter/$C"-*.bundle | head -n 1)
log=$(ls -d "$(log_of cuiyuan "$C")"/*.git | head -n 1)
based() { # on what the district holds, whose volumes follow a little later
    rm -rf "$E2E/base.git"
    git clone -q --bare "$(ls -d "$(log_of xihu "$C")"/*.git | head -n 1)" "$E2E/base.git"
    git --git-dir="$E2E/base.git" bundle verify "$bundle" >"$E2E/v" 2>&1
}
each_bundle() { for b in "$letter/$C"-*.bundle; do git --git-dir="$log" bundle verify "$b" || return 1; done; }
ok "stock git finds each bundle whole" eventually each_bundle
ok "and it brings only what the district lacks by its receipts" eval 'eventually based && grep -q "requires this" "$E2E/v"'
"$LINLI" show --dir "$(dir_of xihu)" --signers >"$E2E/signers"
ok "ssh-keygen accepts the signature of its index" eval 'ssh-keygen -Y verify -f "$E2E/signers" -I "$C@linli" -n linli-stick -s "$letter/index.json.sig" <"$letter/index.json"'
ok "the index lists every file by its SHA-256" eval 'jq -r ".files[] | .sha + \"  \" + .name" "$letter/index.json" | (cd "$letter" && sha256sum -c --quiet)'
ok "nobody reads the person's name on it" eval '! grep -rqa 赵背包 "$stick"'
sum() { find "$stick" -type f -print0 | sort -z | xargs -0 cat | sha256sum; }
before=$(sum)
medium=$stick
if mount -o bind "$stick" "$stick" 2>/dev/null && mount -o remount,ro,bind "$stick" 2>/dev/null; then
    e2e_mount=$stick
    ok "the district looks at it first, mounted read-only" says "可以读入" take xihu --look "$medium"
    ok "and takes nothing by looking" fails shows xihu /api/v1/news 步行送达
    ok "then takes both in" take xihu "$medium"
    umount "$stick"
    e2e_mount=
else
    echo "skipped: this machine allows no mount; the stick is read as it is"
    ok "the district takes both in" take xihu "$medium"
fi
ok "and shows what was carried" eventually eval 'shows xihu /api/v1/news 步行送达 && shows xihu /api/v1/news 山里来信'
ok "the stick itself was not written to" eval '[ "$(sum)" = "$before" ]'
ok "a second time it says that nothing is new" says "已经读入过" take xihu "$medium"
ok "the district answers on the same stick, to those whose letters are on it" eval 'write xihu "$stick" && [ -f "$stick/$D-for-$C/index.json.sig" ] && [ -f "$stick/$D-for-$G/index.json.sig" ]'
ok "the community finds its own and leaves the others'" says "写给别的节点" take cuiyuan "$stick"
ok "all is signed for" signed cuiyuan "$letter"
ok "keys, too: none waits to be sent again" eval 'write cuiyuan "$E2E/again" | grep -q "，0 个密钥"'
ok "what is known to be there is not written again" eval '[ "$(jq "[.files[] | select(.kind == \"log\")] | length" "$E2E/again/$C-for-$D/index.json")" = 0 ]'
ok "the other community, too" eval 'take gudang "$stick" && signed gudang "$stick/$G-for-$D"'
ok "one command takes in and answers" eval 'say cuiyuan 第二封信; write cuiyuan "$stick" && take xihu --answer "$stick" && take cuiyuan "$stick" && signed cuiyuan "$letter"'

# --- the stick is pulled out while it is written
say cuiyuan 第三封信
write cuiyuan "$E2E/pulled" >/dev/null
rm "$E2E/pulled/$C-for-$D/index.json.sig"
ok "a stick pulled out while it was written is known as that" refused "没有写完" take xihu "$E2E/pulled"
ok "writing again goes on where it stopped" says "个早已在" write cuiyuan "$E2E/pulled"
cp -r "$E2E/pulled" "$E2E/older"
say cuiyuan 第四封信
write cuiyuan "$E2E/newer" >/dev/null
ok "and then it is taken" take xihu "$E2E/newer"
ok "an older stick that comes later is told apart" refused "比已读入的旧" take xihu "$E2E/older"
ok "its news are here all the same" eventually eval 'shows xihu /api/v1/news 第三封信 && shows xihu /api/v1/news 第四封信'

# --- what goes wrong with sticks
say cuiyuan 第五封信
write cuiyuan "$E2E/good" >/dev/null
L=$C-for-$D
heads() { "$LINLI" status --dir "$(dir_of xihu)" --json | jq -c "[.heads[\"$C\"], .heads[\"$G\"], .records]"; }
at=$(heads)
broken() { rm -rf "$E2E/broken"; cp -r "$E2E/good" "$E2E/broken"; B=$E2E/broken/$L; F=$(ls "$B"/*.bundle | head -n 1); }
ok "a stick for somebody else is not taken" refused "写给别的节点" take gudang "$E2E/good"
broken; truncate -s -100 "$F"
ok "a truncated file" refused "缺失或不完整" take xihu "$E2E/broken"
broken; rm "$F"
ok "a missing file" refused "缺失或不完整" take xihu "$E2E/broken"
broken; dd if=/dev/zero of="$F" bs=1 seek=200 count=20 conv=notrunc 2>/dev/null
ok "a damaged file" refused "与目录不符" take xihu "$E2E/broken"
broken; mv "$B" "$E2E/broken/$G-for-$D"
ok "a letter in the folder of another" refused "与目录不符" take xihu "$E2E/broken"
broken; cp "$stick/$G-for-$D"/index.json* "$B/"
ok "the index of another letter" fails take xihu "$E2E/broken"
broken; sed -i 's/"t":1/"t":2/' "$B/index.json"
ok "an index that was changed" refused "签名不对" take xihu "$E2E/broken"
forge() { # JQ: an index of its own, signed by a key of its own
    broken
    jq -cSj "$1" "$E2E/good/$L/index.json" >"$B/index.json"
    [ -f "$E2E/mallory" ] || ssh-keygen -q -t ed25519 -N '' -f "$E2E/mallory"
    rm -f "$B/index.json.sig"
    ssh-keygen -q -Y sign -n linli-stick -f "${2:-$E2E/mallory}" "$B/index.json" 2>/dev/null
}
forge .
ok "an index signed by another key" refused "签名不对" take xihu "$E2E/broken"
forge '.from = "330106005099-aaaaaaaaaaaaaaaa"'; mv "$B" "$E2E/broken/330106005099-aaaaaaaaaaaaaaaa-for-$D"
ok "a writer whom nobody knows" refused "不认识写它的节点" take xihu "$E2E/broken"
insider() { forge "$1" "$(dir_of cuiyuan)/node.key"; } # the box's own key: still no more than a box may
insider '.files[0].name = "../../../config"'
ok "a path that leads out of the stick" refused "目录有误" take xihu "$E2E/broken"
insider '.files[0].name = "/etc/passwd"'
ok "an absolute path" refused "目录有误" take xihu "$E2E/broken"
insider '.files[0].size = 99999999999'
ok "a size past its ceiling" refused "目录有误" take xihu "$E2E/broken"
insider '.files += .files'
ok "a file named twice" refused "目录有误" take xihu "$E2E/broken"
insider '.files[0].first = 9000 | .files[0].last = 9001'
ok "a gap before what it brings" refused "中间缺了一段" take xihu "$E2E/broken"
insider ".files[0].log = \"$G\" | .files[0].first = 1"
ok "a bundle of another log than the index says" fails take xihu "$E2E/broken"
broken; cp "$F" "$E2E/kept"; rm "$F"; ln -s "$E2E/kept" "$F"
ok "a link in the place of a file" refused "不" take xihu "$E2E/broken"
broken; rm "$F"; mkfifo "$F"
ok "a pipe in the place of a file" timeout 20 bash -c "! $LINLI import --dir $(dir_of xihu) $E2E/broken"
broken; mv "$B" "$E2E/elsewhere"; ln -s "$E2E/elsewhere" "$B"
ok "a link in the place of a letter" fails take xihu "$E2E/broken"
broken; printf '[%.0s' $(seq 100000) >"$B/index.json"
ok "an index that nests without end" refused "目录有误" take xihu "$E2E/broken"
printf 'PK' >"$E2E/broken.tar"
ok "a file that is no stick at all" fails take xihu "$E2E/broken.tar"
mkdir -p "$E2E/empty/photos"
ok "a stick with nothing of Linli on it" refused "没有邻里的文件" take xihu "$E2E/empty"
ok "none of these changed anything at the district" eval '[ "$(heads)" = "$at" ] && "$LINLI" verify --dir "$(dir_of xihu)"'
(cd "$E2E/good" && tar --format=ustar -cf "$E2E/good.tar" .)
ok "after all that the good one is taken, from a tar of it" take xihu "$E2E/good.tar"
ok "and its news are there" eventually shows xihu /api/v1/news 第五封信

# --- a full stick
if mkdir "$E2E/small" && mount -t tmpfs -o size=8k none "$E2E/small" 2>/dev/null; then
    e2e_mount=$E2E/small
    ok "a full stick says so" refused "介质已满" write cuiyuan --all "$E2E/small"
    umount "$E2E/small"
    e2e_mount=
fi
# --- loose bundles, as earlier versions wrote them
mkdir "$E2E/loose"
say cuiyuan 第六封信
write cuiyuan "$E2E/loose.d" >/dev/null
cp "$E2E/loose.d/$L"/*.bundle "$E2E/loose/"
ok "loose bundle files are still taken" take xihu "$E2E/loose"
# --- a stolen box
say cuiyuan 第七封信
write cuiyuan "$E2E/stolen" >/dev/null
"$LINLI" revoke --dir "$(dir_of xihu)" "$C" --yes >/dev/null
ok "the stick of a revoked box is refused, and says what to do" refused "linli adopt --stick" take xihu "$E2E/stolen"
ok "which shows its late work" eval '"$LINLI" adopt --dir "$(dir_of xihu)" "$C" --stick "$E2E/stolen" | grep -q 条可以采纳'
