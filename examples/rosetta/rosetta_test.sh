#!/usr/bin/env bash
# The table of compare.sh: every system has the loop's answer, and one that has not is told.
# shellcheck disable=SC2154 # checks.sh sets work
set -euo pipefail

checks=$1 compare=$2 loop=$3 plugin=${4:-}
# shellcheck source=examples/checks.sh
. "$checks"

# Open MPI does not free all it has.
export ASAN_OPTIONS="detect_leaks=0"
ROSETTA_SRC=$(dirname "$compare") ROSETTA_BIN=$(dirname "$loop") ROSETTA_PLUGIN=$plugin
export ROSETTA_SRC ROSETTA_BIN ROSETTA_PLUGIN
systems=$([ -n "$plugin" ] && echo 7 || echo 5)

for workers in 1 3; do
    check "$workers workers: no system fails" fails_with 0 "$compare" $workers
    cat "$work/out" "$work/err"
    check "$workers workers: all systems give the loop's answer" \
        [ "$(grep -cE ' [0-9]+ +[0-9.]+ s   the same$' "$work/out")" = "$systems" ]
done
check "the loop's program has ten lines" grep -qE '^loop +10 ' "$work/out"

# A system with another answer, and one that fails.
mkdir "$work/bin"
cp -L "$ROSETTA_BIN"/{loop,forkpipe,pool} "$work/bin"
printf '#!/bin/sh\necho nonsense\necho "0.1 s" >&2\n' >"$work/bin/openmp"
printf '#!/bin/sh\necho "out of order" >&2\nexit 1\n' >"$work/bin/forkpipe"
chmod +x "$work/bin/openmp" "$work/bin/forkpipe"
ROSETTA_BIN=$work/bin
check "wrong answers fail the comparison" fails_with 1 "$compare"
check "a wrong answer is shown" says 'another: nonsense' "$work/out"
check "a system that fails is told" grep -qE '^fork and pipe .* failed$' "$work/out"
check "why it failed is shown" says 'out of order' "$work/err"
check "no number of workers is a usage error" fails_with 2 "$compare" many

finish
