#!/usr/bin/env bash
# Each program runs, finds its own sums right and prints its table; what must not depend on the machine
# and its load is checked: which dates are wrong, and that locks cost more than no locks.
# shellcheck disable=SC2154 # checks.sh sets work
set -euo pipefail

checks=$1 chunked_product=$2 false_sharing=$3 group_vs_fold=$4 lock_contention=$5 memory_bandwidth=$6
partition_size=$7 sort_vs_topk=$8 stock_series=$9 unsafe_library=${10} prep=${11}
# shellcheck source=examples/checks.sh
. "$checks"

# row TEXT FILE: the last but one column of the table's row that begins so.
row() { awk -v text="$1" 'index($0, text) == 1 { print $(NF - 1) }' "$2"; }
less() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a != "" && b != "" && a < b) }'; }

for program in "$chunked_product" "$false_sharing" "$group_vs_fold" "$lock_contention" "$memory_bandwidth" \
    "$partition_size" "$sort_vs_topk" "$unsafe_library"; do
    name=$(basename "$program")
    check "$name runs" fails_with 0 "$program" 2 200000 # rows, for those that know
    cp "$work/out" "$work/$name"
    check "$name finds its sums right" [ ! -s "$work/err" ]
    check "$name refuses no workers" fails_with 2 "$program" 0
    check "$name refuses too many" fails_with 2 "$program" 65
done

# Bytes are counted, not measured: 1024 x 1024 doubles are 8.4 MB, and each chunk goes to one other of 2 x 2 nodes.
check "what nodes keep moves once, whatever the chunks" \
    [ "$(awk '$1 ~ /^[0-9]+$/ && NF == 7 { print $4 }' "$work/chunked_product" | sort -u)" = 16.8 ]
check "what is fetched for each pair grows with the number of chunks" \
    [ "$(awk '$1 == 64 { print $6 }' "$work/chunked_product")" = 134.2 ]
check "one node moves nothing" grep -qE '^1 +0.0 MB +0.0 MB' "$work/chunked_product"

check "a sort moves all records" [ "$(grep -cE ' sort .* 1.6 MB$' "$work/sort_vs_topk")" = 4 ]
check "ten of each part are hardly any" grep -qE '^10 +top .* 0.0 MB$' "$work/sort_vs_topk"
check "groups and folds by three keys are compared" [ "$(grep -cE ' (group|fold)_by ' "$work/group_vs_fold")" = 6 ]
check "one part holds everything" grep -qE '^1 +262144 ' "$work/partition_size"
check "a tree by eight has three levels, on both pools" [ "$(grep -cE '^8 +37 +3 ' "$work/partition_size")" = 2 ]

check "false sharing has four rows" [ "$(grep -cE '(threads|processes):[12] ' "$work/false_sharing")" = 4 ]
check "bandwidth has four rows" [ "$(grep -cE '(threads|processes) +[0-9]' "$work/memory_bandwidth")" = 4 ]
check "an own sum costs less than a lock for each add" \
    less "$(row 'own sum' "$work/lock_contention")" "$(row 'a lock' "$work/lock_contention")"

# Two threads that never ran at once made no mistake: then they are asked again.
for _ in 1 2 3 4 5; do
    [ "$(row 'gmtime   ' "$work/unsafe_library" | tail -1)" = 0 ] || break
    "$unsafe_library" 2 >"$work/unsafe_library"
done
check "gmtime is right in processes" [ "$(row 'gmtime   ' "$work/unsafe_library" | head -1)" = 0 ]
check "gmtime is wrong in threads" less 0 "$(row 'gmtime   ' "$work/unsafe_library" | tail -1)"
check "gmtime with a lock is right" [ "$(row 'gmtime, a lock' "$work/unsafe_library")" = 0 ]
check "gmtime_r is right" [ "$(row 'gmtime_r' "$work/unsafe_library")" = 0 ]

# The days of one stock, by awk and by frames; the third column is the largest, the fourth and fifth when it was first.
days() {
    awk -F '[":,}]+' '{ day = substr($3, 1, 10); at = $3 ":" $4 ":" $5 }
        !(day in n) { order[++count] = day }
        { high = $9 + 0; n[day]++; sum[day] += $13; if (high > most[day]) { most[day] = high; when[day] = at } }
        END { for (i = 1; i <= count; i++) { d = order[i]; printf "%s %.7g %.7g %s\n", d, sum[d] / n[d], most[d], when[d] } }' "$1"
}
"$prep" stocks --size 4m --to "$work/stocks" --quiet
hal=$work/stocks/json/hal.json
check "stock_series runs" fails_with 0 "$stock_series" --pool=threads:2 "$hal"
awk '/^[0-9-]+ +[0-9.]+ +[0-9.]+ +[0-9-]+ [0-9:]+$/ { print $1, $2, $3, $4, $5 }' "$work/out" >"$work/days"
check "each day's mean, highest price and when are those of a loop" diff <(days "$hal") "$work/days"
check "there is a day at least" [ -s "$work/days" ]
check "a morning's 30 minutes are fewer than its 30 rows" grep -qE ' 30 +[0-9.]+ +5$' "$work/out"
check "an hour has 60 rows, however it is found" [ "$(awk '/^(where|between),/ { print $(NF - 1) }' "$work/out" | sort -u)" = 60 ]
check "stock_series asks for a file" fails_with 2 "$stock_series"

finish
