#!/bin/bash
# make torture: nodes killed with -9 at random under load; KILLS=1000 (SHORT=1: 8). Ends with `N passed, N failed`.
set -eu
cd "$(dirname "$0")/../.."
[ -x build/linli ] || make -s -j2 all
exec node tests/torture/kill.mjs "${KILLS:-$([ -n "${SHORT:-}" ] && echo 8 || echo 1000)}"
