#!/usr/bin/env bash
# The lesson end to end on this machine: the loop and the tree on each pool.
# shellcheck disable=SC2154 # checks.sh sets work
set -euo pipefail

checks=$1 exercise=$3 solution=$4 plugin=${5:-}
# shellcheck source=examples/checks.sh
. "$checks"

"$exercise" >"$work/sequential" 2>/dev/null
check "there are ways" grep -qE '^25600 ways through 64 countries, of [0-9.]+ hours in the mean$' "$work/sequential"
check "even the fastest takes ten minutes a country" grep -qE '^the fastest: 1[0-9]:[0-9]{2} from crossing' "$work/sequential"
same_everywhere "$solution" "$plugin"

finish
