#!/usr/bin/env bash
# The lesson end to end on this machine: the loops, the bag on each pool, what goes wrong.
# shellcheck disable=SC2154 # checks.sh sets work
set -euo pipefail

checks=$1 prep=$2 exercise=$3 solution=$4 plugin=${5:-}
# shellcheck source=examples/checks.sh
. "$checks"

# A copy of a series that comes seven minutes late must be found, and its lag told.
"$prep" stocks --size 2m --to "$work/data" --quiet
{
    for _ in 1 2 3 4 5 6 7; do head -n 1 "$work/data/json/ibm.json"; done
    head -n -7 "$work/data/json/ibm.json"
} >"$work/data/json/late.json"

"$exercise" "$work/data" >"$work/sequential" 2>/dev/null
check "the loops find the delayed copy first" grep -qE '^ibm +late +[01]\.[0-9]+ at 7 min$' <(head -1 "$work/sequential")
check "the loops compare all pairs" says 'of 300 pairs are above' "$work/sequential"
check "the loops keep five" [ "$(grep -c ' min$' "$work/sequential")" = 5 ]
for pool in threads:1 threads:2 threads:8 processes:1 processes:2 processes:8; do
    "$solution" --pool=$pool "$work/data" >"$work/parallel" 2>"$work/err"
    check "the bag on $pool prints what the loops printed" cmp -s "$work/sequential" "$work/parallel"
    check "the bag on $pool tells its plan" says 'one pass: filter in_order, map correlate' "$work/err"
done
same_on_ranks "$work/sequential" "$solution" "$plugin" "$work/data"

cp "$work/data/json/luv.json" "$work/luv"
sed -i '17s/.*/{"timestamp":"2013-01-02 09:46:00","open":1.0}/' "$work/data/json/luv.json"
for program in "$exercise" "$solution"; do
    name=$(basename "$program")
    check "$name: a line without a price fails" fails_with 1 "$program" "$work/data"
    check "$name: the line is named" says 'json/luv.json:17: no closing price' "$work/err"
done
head -n 500 "$work/luv" >"$work/data/json/luv.json"
check "a shorter series fails" fails_with 1 "$solution" --pool=processes:2 "$work/data"
check "a shorter series is explained" says 'one series has ' "$work/err"
head -n 5 "$work/luv" >"$work/data/json/luv.json"
check "a series of five prices fails" fails_with 1 "$solution" --pool=threads:2 "$work/data"
check "a series of five prices is explained" says '5 prices are too few' "$work/err"
check "missing data fails" fails_with 1 "$solution" "$work/nowhere"
check "missing data tells the way out" says "octavo prep stocks" "$work/err"

finish
