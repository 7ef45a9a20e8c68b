#!/usr/bin/env bash
# The lesson end to end on this machine: the loop, the map on each pool, and the map that needs one node's file.
# shellcheck disable=SC2154 # checks.sh sets work
set -euo pipefail

checks=$1 prep=$2 exercise=$3 solution=$4 one_node=$5 plugin=${6:-}
# shellcheck source=examples/checks.sh
. "$checks"

"$prep" taxi --size 4m --to "$work/taxi" --quiet
export TMPDIR=$work
"$exercise" "$work/taxi" >"$work/sequential" 2>/dev/null
check "the loop tells twelve months and all" [ "$(wc -l <"$work/sequential")" = 13 ]
check "all trips are counted" \
    [ "$(awk '/^all/ { print $2 }' "$work/sequential")" = "$(cat "$work"/taxi/*.csv | grep -vc VendorID)" ]
check "some are dear and some are not" awk '/^all/ { good = $4 > $2 / 10 && $4 < $2 / 2 } END { exit !good }' "$work/sequential"
for pool in threads:1 threads:8 processes:2; do
    for program in "$solution" "$one_node"; do
        "$program" --pool=$pool "$work/taxi" >"$work/parallel" 2>"$work/err"
        check "$(basename "$program") on $pool prints what the loop printed" cmp -s "$work/sequential" "$work/parallel"
    done
done
check "no file is left behind" [ -z "$(find "$work" -name 'usual-fares-*')" ]

if [ -n "$plugin" ]; then
    on_ranks 3 "$plugin" "$solution" "$work/taxi" >"$work/parallel" 2>"$work/err" || cat "$work/err"
    check "the solution on three ranks prints what the loop printed" cmp -s "$work/sequential" "$work/parallel"
    check "the nodes are named" [ "$(grep -c '^node [012] is ' "$work/err")" = 3 ]
    check "what needs one node's file fails on three" fails_with 1 on_ranks 3 "$plugin" "$one_node" "$work/taxi"
    check "the file is named" grep -qE "items of 'count_month' failed.*cannot open '.*/usual-fares-" "$work/err"
else
    echo "skip  ranks: built without Open MPI"
fi

check "missing data fails" fails_with 1 "$solution" "$work/nowhere"
check "missing data tells the way out" says "octavo prep taxi" "$work/err"
sed -i '100s/.*/1,2019-05-01 00:00:00/' "$work/taxi/yellow_tripdata_2019-05.csv"
check "a line that is no trip fails" fails_with 1 "$exercise" "$work/taxi"
check "the line is named" says '2019-05.csv:100: no trip' "$work/err"

finish
