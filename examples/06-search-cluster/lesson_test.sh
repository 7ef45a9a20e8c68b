#!/usr/bin/env bash
# The lesson end to end on this machine: the loop, all trials on ranks, and what each node is said to have done.
# shellcheck disable=SC2154 # checks.sh sets work
set -euo pipefail

checks=$1 prep=$2 exercise=$3 solution=$4 plugin=${5:-}
# shellcheck source=examples/checks.sh
. "$checks"

# trials_of FILE: what the nodes did, added up.
trials_of() { awk '/^ +node/ { on = 1; next } / s of work in / { on = 0 } on { n += $2 } END { print n + 0 }' "$1"; }

"$prep" digits --size 20k --to "$work/data" --quiet
"$exercise" "$work/data" >"$work/sequential" 2>"$work/err"
check "the loop did all trials on one node" [ "$(trials_of "$work/err")" = 72 ]
for pool in threads:3 processes:2; do
    "$solution" --pool=$pool "$work/data" >"$work/parallel" 2>"$work/err"
    check "all trials on $pool print what the loop printed" cmp -s "$work/sequential" "$work/parallel"
done
if [ -n "$plugin" ]; then
    on_ranks 3 "$plugin" "$solution" "$work/data" >"$work/parallel" 2>"$work/err" || cat "$work/err"
    check "all trials on three ranks print what the loop printed" cmp -s "$work/sequential" "$work/parallel"
    check "three nodes did all of them" [ "$(trials_of "$work/err")" = 72 ]
else
    echo "skip  ranks: built without Open MPI"
fi

finish
