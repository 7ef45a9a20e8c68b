#!/usr/bin/env bash
# The lesson end to end on this machine: the loop and the parts on each pool.
# shellcheck disable=SC2154 # checks.sh sets work
set -euo pipefail

checks=$1 exercise=$3 solution=$4 plugin=${5:-}
# shellcheck source=examples/checks.sh
. "$checks"

"$exercise" >"$work/sequential" 2>/dev/null
check "the loop finds the number that is known" says "837799 takes most steps: 524" "$work/sequential"
same_everywhere "$solution" "$plugin"

finish
