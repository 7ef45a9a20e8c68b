#!/usr/bin/env bash
# The lesson end to end on this machine: the loop and the map on each pool.
# shellcheck disable=SC2154 # checks.sh sets work
set -euo pipefail

checks=$1 exercise=$3 solution=$4 plugin=${5:-}
# shellcheck source=examples/checks.sh
. "$checks"

"$exercise" >"$work/sequential" 2>/dev/null
check "no word is lost between the lengths" \
    [ "$(awk '$2 == "letters" { n += $3 } END { print n }' "$work/sequential")" = "$(awk '$1 == "words" { print $2 }' "$work/sequential")" ]
check "there are words of each length" [ "$(awk '$2 == "letters" && $3 > 0' "$work/sequential" | wc -l)" = 12 ]
same_everywhere "$solution" "$plugin"

finish
