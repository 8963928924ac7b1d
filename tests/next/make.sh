#!/bin/bash
# make.sh DIR: what the program of a version to come carries, as DIR/embed_files.c: a schema file more (900-next.sql), a
# module more (pet.json), and a field more in the module of news. EMBED= names the files of this version.
set -eu
cd "$(dirname "$0")/../.."
rm -rf "$1"
mkdir -p "$1"
cp --parents $EMBED "$1"
cp tests/next/900-next.sql "$1/node/store/sql/"
cp tests/next/pet.json "$1/node/module/"
jq '(.collections[] | select(.name == "news") | .fields) += [{"name": "mood", "type": "str", "label": {"zh": "心情", "en": "Mood"}}]' \
    node/module/publish.json >"$1/node/module/publish.json"
build/tool/embed text "$1" "$1/embed_files.c" $(find "$1/node" -name '*.json' -o -name '*.sql' | LC_ALL=C sort)
