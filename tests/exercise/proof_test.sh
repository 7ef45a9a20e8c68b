#!/usr/bin/env bash
# A lesson fails as handed out, passes with its solution, and its README's code compiles.
# shellcheck disable=SC2154 # lib.sh sets work
set -euo pipefail

here=$PWD octavo=$PWD/$1 kit=$PWD/$2 root=$PWD lesson=$3 until=$4
# shellcheck source=tests/exercise/lib.sh
. "$here/tests/exercise/lib.sh"

check "$lesson can be failed and passed" ends 0 "$octavo" exercise check --lesson "$lesson" --until "$until"
check "the exercise fails as handed out" says 'ok    exercise.c fails as handed out' "$work/out"
check "the solution compiles without a warning" says 'ok    solution.c: compile: exercise.c compiles' "$work/out"
check "not one" says_not 'with warnings' "$work/out"
check "the solution is right on threads" says 'ok    solution.c: answer: right on' "$work/out"
if [ "$until" != answer ]; then
    check "races were looked for" says 'ok    solution.c: race: no data race' "$work/out"
    check "leaks were looked for" says 'ok    solution.c: leak: no leak' "$work/out"
fi
check "README.md has code that compiles" grep -qE 'ok +README.md:[0-9]+ compiles' "$work/out"

finish
