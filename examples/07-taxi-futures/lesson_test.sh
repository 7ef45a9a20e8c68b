#!/usr/bin/env bash
# The lesson end to end on this machine: the loop, the futures on each pool, what goes wrong.
# shellcheck disable=SC2154 # checks.sh sets work
set -euo pipefail

checks=$1 prep=$2 exercise=$3 solution=$4 plugin=${5:-}
# shellcheck source=examples/checks.sh
. "$checks"

# The sum of a column of the answers' lines that begin so; by the files themselves, read with awk.
answer() { awk -v what="$1" 'index($0, what) == 1 { print $NF }' "$work/sequential"; }
by_hand() { cat "$work"/taxi/*.csv | awk -F, '$1 != "VendorID" { '"$1"' } END { print n + 0 }'; }

"$prep" taxi --size 8m --to "$work/taxi" --quiet
"$exercise" "$work/taxi" >"$work/sequential" 2>/dev/null
check "the passengers are those of the lines" [ "$(answer 'passengers in all')" = "$(by_hand 'n += $4')" ]
check "trips of more than two are those of the lines" [ "$(answer 'trips of more than two')" = "$(by_hand 'n += $4 > 2')" ]
check "trips of three are those of the lines" [ "$(answer 'trips of 3')" = "$(by_hand 'n += $4 == 3')" ]
check "unknown ones are those of the lines" [ "$(answer 'trips of nobody knows')" = "$(by_hand 'n += $4 == ""')" ]
for pool in threads:1 threads:8 processes:2; do
    "$solution" --pool=$pool "$work/taxi" >"$work/parallel" 2>/dev/null
    check "futures on $pool answer what the loop answered" cmp -s "$work/sequential" "$work/parallel"
done
same_on_ranks "$work/sequential" "$solution" "$plugin" "$work/taxi"

sed -i '1000s/.*/1,2019-05-01 00:00:00/' "$work/taxi/yellow_tripdata_2019-05.csv"
for program in "$exercise" "$solution"; do
    name=$(basename "$program")
    check "$name: a line that is no trip fails" fails_with 1 "$program" "$work/taxi"
    check "$name: the line is named" grep -qE '2019-05.csv, byte [0-9]+: no trip' "$work/err"
    check "$name: missing data fails" fails_with 1 "$program" "$work/nowhere"
    check "$name: missing data tells the way out" says "octavo prep taxi" "$work/err"
done

finish
