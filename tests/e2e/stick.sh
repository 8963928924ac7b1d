# No link at all: a courier carries the logs on a stick, and stock git reads what is on it.
. tests/e2e/lib.sh

start_node xihu 330106000000 district
start_node cuiyuan 330106005055 community xihu
user cuiyuan juweihui linli-e2e-secret committee >/dev/null
login cuiyuan juweihui linli-e2e-secret >/dev/null
touch "$E2E/xihu.jar"
part cuiyuan
news=$(post cuiyuan /api/v1/news title=步行送达 body=没有网络 level=community section=community | jq -r .id)
post cuiyuan "/api/v1/news/$news/steps" action=publish >/dev/null

ok "the community writes its logs to a stick" "$LINLI" export --dir "$(dir_of cuiyuan)" "$E2E/stick"
bundle=$(ls "$E2E"/stick/330106005055-*.bundle | head -n 1)
git init -q --bare "$E2E/empty.git"
ok "stock git finds the bundle whole" git --git-dir="$E2E/empty.git" bundle verify "$bundle"
ok "and clones from it" git clone -q --bare "$bundle" "$E2E/clone.git"
sum() { cat "$E2E"/stick/* | sha256sum; }
before=$(sum)
ok "the district takes it in" "$LINLI" import --dir "$(dir_of xihu)" "$E2E/stick"
ok "and shows what was carried" eventually shows xihu /api/v1/news 步行送达
same() { [ "$(sum)" = "$before" ]; }
ok "the stick itself was not written to" same
ok "a second time does no harm" "$LINLI" import --dir "$(dir_of xihu)" "$E2E/stick"
node=$("$LINLI" status --dir "$(dir_of cuiyuan)" --json | jq -r .node)
ok "the district answers with its receipts" "$LINLI" export --dir "$(dir_of xihu)" --to "$node" "$E2E/back"
ok "the community takes them" "$LINLI" import --dir "$(dir_of cuiyuan)" "$E2E/back"
unsent() { [ "$("$LINLI" status --dir "$(dir_of cuiyuan)" --json | jq .unsent)" = 0 ]; }
ok "and knows that everything is signed for" unsent
dd if=/dev/zero of="$bundle" bs=1 seek=2000 count=20 conv=notrunc 2>/dev/null
ok "a damaged bundle is refused" fails "$LINLI" import --dir "$(dir_of xihu)" "$bundle"
ok "and changes nothing" "$LINLI" verify --dir "$(dir_of xihu)"
