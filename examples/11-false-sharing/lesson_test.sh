#!/usr/bin/env bash
# The lesson end to end on this machine: the loop and the map on each pool.
# shellcheck disable=SC2154 # checks.sh sets work
set -euo pipefail

checks=$1 exercise=$3 solution=$4 plugin=${5:-}
# shellcheck source=examples/checks.sh
. "$checks"

"$exercise" >"$work/sequential" 2>/dev/null
check "each player threw twenty million dice" \
    [ "$(awk 'NR > 1 { for (i = 2; i <= NF; i++) n[i] += $i } END { for (i = 2; i <= 9; i++) printf "%d ", n[i] }' "$work/sequential")" = \
    "20000000 20000000 20000000 20000000 20000000 20000000 20000000 20000000 " ]
check "no two threw the same" [ "$(awk 'NR == 2 { for (i = 2; i <= NF; i++) print $i }' "$work/sequential" | sort -u | wc -l)" = 8 ]
same_everywhere "$solution" "$plugin"

finish
