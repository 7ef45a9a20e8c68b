#!/usr/bin/env bash
# The lesson end to end on this machine: the loop and the map on each pool.
# shellcheck disable=SC2154 # checks.sh sets work
set -euo pipefail

checks=$1 exercise=$3 solution=$4 plugin=${5:-}
# shellcheck source=examples/checks.sh
. "$checks"

"$exercise" >"$work/sequential" 2>/dev/null
check "all people are counted" [ "$(awk '$1 == "people" { print $2 }' "$work/sequential")" = 8000000 ]
same_everywhere "$solution" "$plugin"

finish
