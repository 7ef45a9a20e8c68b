#!/usr/bin/env bash
# The lesson end to end on this machine: the whole product and the chunks on each pool.
# shellcheck disable=SC2154 # checks.sh sets work
set -euo pipefail

checks=$1 exercise=$3 solution=$4 plugin=${5:-}
# shellcheck source=examples/checks.sh
. "$checks"

"$exercise" >"$work/sequential" 2>/dev/null
check "there is a product" grep -qE '^768 x 768: from -?[0-9]+ to -?[0-9]+, sum -?[0-9]+, across -?[0-9]+$' "$work/sequential"
same_everywhere "$solution" "$plugin"

finish
