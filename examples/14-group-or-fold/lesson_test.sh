#!/usr/bin/env bash
# The lesson end to end on this machine: the loop and the bag on each pool.
# shellcheck disable=SC2154 # checks.sh sets work
set -euo pipefail

checks=$1 exercise=$3 solution=$4 plugin=${5:-}
# shellcheck source=examples/checks.sh
. "$checks"

"$exercise" >"$work/sequential" 2>/dev/null
check "all stations and readings are there" says '300 stations, 600000 readings' "$work/sequential"
check "a mean is between the least and the most" \
    awk '$1 == "station" { n++; if (!($6 > $8 && $6 < $10)) bad = 1 } END { exit bad || n != 6 }' "$work/sequential"
same_everywhere "$solution" "$plugin"

finish
