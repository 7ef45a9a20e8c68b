#!/usr/bin/env bash
# The lesson end to end on this machine: the loop and the blocks on each pool.
# shellcheck disable=SC2154 # checks.sh sets work
set -euo pipefail

checks=$1 exercise=$3 solution=$4 plugin=${5:-}
# shellcheck source=examples/checks.sh
. "$checks"

"$exercise" >"$work/sequential" 2>/dev/null
check "the song is heard" grep -qE '^16777216 samples through 16 effects: loudness [1-9][0-9]+\.[0-9]{4}$' "$work/sequential"
same_everywhere "$solution" "$plugin"

finish
