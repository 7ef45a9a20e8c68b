#!/usr/bin/env bash
# The lesson end to end on this machine: the data, the loop, the frame, what goes wrong.
# shellcheck disable=SC2154 # checks.sh sets work
set -euo pipefail

checks=$1 prep=$2 exercise=$3 solution=$4 plugin=${5:-}
# shellcheck source=examples/checks.sh
. "$checks"

"$prep" taxi --size 8m --to "$work/taxi" --quiet
"$exercise" "$work/taxi" >"$work/loop" 2>/dev/null
check "the loop answers five questions" [ "$(grep -c '^[a-z]' "$work/loop")" = 5 ]
check "trips without passengers are told" says unknown "$work/loop"
for pool in threads:1 threads:3 processes:2; do
    "$solution" --pool=$pool "$work/taxi" >"$work/frame" 2>/dev/null
    check "the frame on $pool answers what the loop answered" cmp -s "$work/loop" "$work/frame"
done
same_on_ranks "$work/loop" "$solution" "$plugin" "$work/taxi"

trips=$(cat "$work"/taxi/*.csv | grep -vc VendorID)
check "every trip has a payment" \
    [ "$(awk '/^trips by payment/ { on = 1; next } /^[a-z]/ { on = 0 } on { n += $2 } END { print n }' "$work/frame")" = "$trips" ]
check "one day's trips are those of its lines" \
    [ "$(awk '/^fares by hour/ { on = 1; next } on { n += $2 } END { print n }' "$work/frame")" = \
      "$(cut -d, -f2 "$work"/taxi/*.csv | grep -c '^2019-03-15')" ]

check "missing data fails the frame" fails_with 1 "$solution" "$work/nowhere"
check "missing data is named" says "$work/nowhere" "$work/err"
check "missing data fails the loop" fails_with 1 "$exercise" "$work/nowhere"
check "missing data tells the way out" says "octavo prep taxi" "$work/err"
sed -i '1000s/.*/1,2019-05-01 00:00:00/' "$work/taxi/yellow_tripdata_2019-05.csv"
check "a malformed line fails the frame" fails_with 1 "$solution" --pool=threads:2 "$work/taxi"
check "a malformed line is named" says "2019-05.csv', line 1000: 2 fields, expected 18" "$work/err"

finish
