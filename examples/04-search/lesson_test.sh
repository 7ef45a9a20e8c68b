#!/usr/bin/env bash
# The lesson end to end on this machine: the data, the loop, all trials on each pool, what goes wrong.
# shellcheck disable=SC2154 # checks.sh sets work
set -euo pipefail

checks=$1 prep=$2 exercise=$3 solution=$4 plugin=${5:-}
# shellcheck source=examples/checks.sh
. "$checks"

"$prep" digits --size 20k --to "$work/data" --quiet
"$prep" digits --size 20k --to "$work/same" --quiet
"$prep" digits --size 20k --to "$work/other" --seed 7 --quiet
check "the same seed makes the same digits" cmp -s "$work/data/digits-3.csv" "$work/same/digits-3.csv"
check "another seed makes others" [ "$(cmp -s "$work/data/digits-3.csv" "$work/other/digits-3.csv" || echo other)" = other ]
check "a line is 64 numbers from 0 to 16 and a digit" \
    [ "$(cat "$work"/data/*.csv | grep -cvE '^(([0-9]|1[0-6]),){64}[0-9]$')" = 0 ]

"$exercise" "$work/data" >"$work/sequential" 2>/dev/null
check "the best candidate is far better than guessing" \
    awk 'NR == 2 { good = $4 + 0 > 60 } END { exit !good }' "$work/sequential"
check "the map knows bad candidates too" grep -qE '\| .* (8|9|10|11|12|13)( |$)' "$work/sequential"
check "the map is drawn" [ "$(grep -c '<circle' "$work/data/score-map.svg")" = 24 ]
for pool in threads:1 threads:8 processes:2; do
    "$solution" --pool=$pool "$work/data" >"$work/parallel" 2>/dev/null
    check "all trials on $pool print what the loop printed" cmp -s "$work/sequential" "$work/parallel"
done
same_on_ranks "$work/sequential" "$solution" "$plugin" "$work/data"

mkdir "$work/real"
cat "$work"/data/*.csv >"$work/real/optdigits.tra"
"$solution" --pool=threads:2 "$work/real" >"$work/parallel" 2>/dev/null
check "a file with the UCI's name is read as well" cmp -s "$work/sequential" "$work/parallel"

sed -i '5s/,/;/' "$work/data/digits-2.csv"
for program in "$exercise" "$solution"; do
    name=$(basename "$program")
    check "$name: a line that is no digit fails" fails_with 1 "$program" "$work/data"
    check "$name: the line is named" says 'digits-2.csv:5: not 64 numbers' "$work/err"
    check "$name: missing data fails" fails_with 1 "$program" "$work/nowhere"
    check "$name: missing data tells the way out" says 'octavo prep digits' "$work/err"
done
head -n 9 "$work/real/optdigits.tra" >"$work/real/few" && mv "$work/real/few" "$work/real/optdigits.tra"
check "nine digits fail" fails_with 1 "$solution" --pool=threads:2 "$work/real"
check "nine digits are explained" says '9 digits are too few: at least 30' "$work/err"

finish
