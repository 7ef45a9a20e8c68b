#!/usr/bin/env bash
# The lesson end to end on this machine: the data, the loop, the map, what goes wrong.
# shellcheck disable=SC2154 # checks.sh sets work
set -euo pipefail

checks=$1 prep=$2 exercise=$3 solution=$4
# shellcheck source=examples/checks.sh
. "$checks"

digests() { (cd "$1" && sha256sum ./*.h5); }

"$prep" stocks --size 2m --to "$work/data" --quiet
check "prep makes 24 files" [ "$(find "$work/data/json" -name '*.json' | wc -l)" = 24 ]
check "prep says what it made" says '"what": "stocks"' "$work/data/prep.json"
(cd "$work/data/json" && sha256sum ./*.json) >"$work/first"

"$exercise" "$work/data" >"$work/sequential" 2>/dev/null
digests "$work/data/hdf5" >"$work/files"
for pool in threads:1 threads:2 threads:8; do
    rm -rf "$work/data/hdf5"
    "$solution" --pool=$pool "$work/data" >"$work/parallel" 2>/dev/null
    check "the map on $pool prints what the loop printed" cmp -s "$work/sequential" "$work/parallel"
    digests "$work/data/hdf5" >"$work/now"
    check "the map on $pool writes the same bytes" cmp -s "$work/files" "$work/now"
done

touch -d '2001-01-01' "$work/data/json/hal.json"
rm "$work/data/json/ibm.json"
"$prep" stocks --size 2m --to "$work/data" --pool=threads:2 2>"$work/err"
check "prep again makes only what is missing" says '1 files made' "$work/err"
check "prep again keeps what is there" [ "$(date -r "$work/data/json/hal.json" +%Y)" = 2001 ]
(cd "$work/data/json" && sha256sum ./*.json) >"$work/again"
check "prep makes the same data again" cmp -s "$work/first" "$work/again"
"$prep" stocks --size 2m --seed 7 --to "$work/data" --quiet
check "another seed replaces the data" [ "$(date -r "$work/data/json/hal.json" +%Y)" != 2001 ]
"$prep" stocks --size 4m --seed 7 --to "$work/long" --quiet
check "a longer series begins with the shorter" \
    cmp -s -n "$(stat -c %s "$work/data/json/hal.json")" "$work/data/json/hal.json" "$work/long/json/hal.json"

"$prep" taxi --size 3m --to "$work/taxi" --quiet
(cd "$work/taxi" && sha256sum ./*.csv) >"$work/first"
check "prep makes twelve months of trips" [ "$(wc -l <"$work/first")" = 12 ]
rm "$work/taxi/yellow_tripdata_2019-03.csv"
"$prep" taxi --size 3m --to "$work/taxi" --quiet --pool=threads:2
(cd "$work/taxi" && sha256sum ./*.csv) >"$work/again"
check "prep makes the same trips again" cmp -s "$work/first" "$work/again"

sed -i '17s/.*/{"timestamp":"2013-01-02 09:46:00","open":"x"/' "$work/data/json/luv.json"
check "a malformed line fails the map" fails_with 1 "$solution" --pool=threads:2 "$work/data"
check "a malformed line is named" says 'json/luv.json:17: ' "$work/err"
check "the other files are converted all the same" [ "$(find "$work/data/hdf5" -name '*.h5' | wc -l)" = 24 ]
check "missing data fails" fails_with 1 "$solution" "$work/nowhere"
check "missing data tells the way out" says "octavo prep stocks" "$work/err"
check "an unknown data set is a usage error" fails_with 2 "$prep" stonks
check "an absurd size is a usage error" fails_with 2 "$prep" stocks --size 12x
check "a folder that cannot be made fails" fails_with 1 "$prep" stocks --to /proc/nowhere

finish
