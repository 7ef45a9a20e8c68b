#!/usr/bin/env bash
# The lesson end to end on this machine: the sort and the bag on each pool.
# shellcheck disable=SC2154 # checks.sh sets work
set -euo pipefail

checks=$1 exercise=$3 solution=$4 plugin=${5:-}
# shellcheck source=examples/checks.sh
. "$checks"

"$exercise" >"$work/sequential" 2>/dev/null
check "there are ten winners" [ "$(grep -cE '^ ?[0-9]+\. runner +[0-9]+  2:00:0[0-9.]+$' "$work/sequential")" = 10 ]
check "each is slower than the one before" sort -c -s -k4,4 "$work/sequential"
same_everywhere "$solution" "$plugin"

finish
