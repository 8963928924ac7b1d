# Statistics: counted on the box, exact at the district, without small cells at the province.
. tests/e2e/lib.sh
start_node zhejiang 330000000000 province
start_node xihu 330106000000 district zhejiang
start_node cuiyuan 330106005055 community xihu
stop_node cuiyuan
sed -i 's/^stats_every_s = .*/stats_every_s = 5/' "$E2E/cuiyuan/config"
serve_node cuiyuan
user cuiyuan worker linli-e2e-secret worker >/dev/null
user xihu clerk linli-e2e-secret clerk >/dev/null
user zhejiang province linli-e2e-secret province >/dev/null
user cuiyuan resident linli-e2e-secret resident >/dev/null
login cuiyuan worker linli-e2e-secret >/dev/null
login xihu clerk linli-e2e-secret >/dev/null
login zhejiang province linli-e2e-secret >/dev/null
# nine owners, seven tenants, two empty
building=$(curl -fsS -b "$E2E/cuiyuan.jar" -H "Origin: $(url_of cuiyuan)" -H 'Content-Type: application/json' \
    -d '{"code":"B1","name":"一幢","address":{"number":"1","road":"文一路"}}' "$(url_of cuiyuan)/api/v1/building" | jq -r .id)
for i in $(seq 18); do
    t=owner
    [ "$i" -gt 9 ] && t=rent
    [ "$i" -gt 16 ] && t=vacant
    post cuiyuan /api/v1/dwelling "building=$building" "room=$((100 + i))" "tenure=$t" "owner=王小明$i" >/dev/null || die "dwelling $i"
done
cells() { get "$1" "/api/v1/stats$2" | jq -ec '[.items[] | select(.code == "dwellings_by_tenure") | .cells[]] | sort'; }
is_cells() { [ "$(cells "$1" "$2")" = "$3" ] || { echo "want $3, have $(cells "$1" "$2")"; return 1; }; }
ok "the box counts its own records" is_cells cuiyuan '' '[["owner",9],["rent",7],["vacant",2]]'
WITHIN=30
ok "the district has the exact numbers" eventually is_cells xihu '' '[["owner",9],["rent",7],["vacant",2]]'
"$LINLI" sync --dir "$E2E/xihu" >/dev/null
ok "the province sees no small cell, and not the next smallest" eventually is_cells zhejiang '' '[["owner",9],["rent",null],["vacant",null]]'
ok "also for one community" is_cells zhejiang '?region=330106005055' '[["owner",9],["rent",null],["vacant",null]]'
ok "and nothing for another" is_cells zhejiang '?region=330106005056' '[]'
where() { get zhejiang /api/v1/stats | jq -e '.regions[0].name | contains("翠苑一区社区")'; }
ok "says whose numbers they are" where
leaks() { grep -qa '"vacant",2' "$E2E/zhejiang/linli.db" "$E2E/zhejiang/linli.db-wal"; }
ok "the small number is nowhere at the province" fails leaks
post cuiyuan /api/v1/dwelling "building=$building" room=300 tenure=rent >/dev/null
ok "a change goes up by itself" eventually is_cells xihu '' '[["owner",9],["rent",8],["vacant",2]]'
login cuiyuan resident linli-e2e-secret >/dev/null
money() { get zhejiang /api/v1/stats | jq -e '[.items[] | select(.unit == "fen") | .code] | sort == ["asset_value", "contracts_value", "fund_balance", "fund_by_kind", "sms_cost"]'; }
ok "sums of money say so" money
ok "a resident may not read them" fails get cuiyuan /api/v1/stats
