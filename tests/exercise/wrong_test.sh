#!/usr/bin/env bash
# A lesson's deliberately wrong answers: each is caught by the right stage, with the right words.
# shellcheck disable=SC2154 # lib.sh sets work
set -euo pipefail

here=$PWD octavo=$PWD/$1 kit=$PWD/$2 root=$PWD lesson=$3
shift 3
# shellcheck source=tests/exercise/lib.sh
. "$here/tests/exercise/lib.sh"
# shellcheck source=tests/exercise/wrong.sh
. "$here/tests/exercise/wrong.sh"

"$octavo" exercise start "$lesson" >/dev/null
file=exercises/$lesson/exercise.c

# caught KIND STAGE CAUSE WORDS: the stage fails for that cause and says so. Those before it are left out:
# that a right answer passes them is the proof's to tell.
caught() {
    local kind=$1 stage=$2 cause=$3 words=$4
    wrong "$lesson" "$kind" "$file"
    check "$kind: the check fails" ends 1 "$octavo" exercise check "$lesson" --from "$stage" --until "$stage"
    check "$kind: $stage finds it" grep -qE "^  FAIL +$stage " "$work/out"
    check "$kind: it says '$words'" says "$words" "$work/out"
    check "$kind: one stage failed" [ "$(grep -c '^  FAIL' "$work/out")" = 1 ]
    check "$kind: what it means is told" says '        means ' "$work/out"
    check "$kind: what to read is told" says '        read    README.md, "' "$work/out"
    check "$kind: progress.json knows the cause" says "\"cause\": \"$cause\"" exercises/progress.json
    check "$kind: nothing is left running" [ -z "$(pgrep -f '^/tmp/octavo-exercise[.].*/program' || true)" ]
}

# The verdict on speed is the machine's of the moment; but it never is that all is well.
caught_slow() {
    wrong "$lesson" slow "$file"
    ends 1 "$octavo" exercise check "$lesson" --from speed || true
    check "slow: speed does not pass" grep -qE '^  (FAIL|skip) +speed ' "$work/out"
    check "slow: the table is shown" grep -qE '^  loop +[0-9]' "$work/out"
    check "slow: the picture is drawn" says '</svg>' "exercises/$lesson/speed-up.svg"
    if grep -qE '^  FAIL +speed ' "$work/out"; then
        check "slow: it says why" says 'More workers do not make it faster' "$work/out"
    else
        check "slow: it has not passed" says_not 'has passed' "$work/out"
        check "slow: it says what was in the way" grep -qE 'the machine was busy|one core|times as much as one|differ too much' "$work/out"
        check "slow: and how to ask again" grep -qE "one core|next +'octavo exercise check $lesson --from speed'" "$work/out"
    fi
}

# What it does is the moment's: another answer each time, or it crashes.
caught_unsafe() {
    wrong "$lesson" unsafe "$file"
    check "unsafe: the check fails" ends 1 "$octavo" exercise check "$lesson" --from answer --until answer
    check "unsafe: the answer finds it" grep -qE '^  FAIL +answer ' "$work/out"
    check "unsafe: progress.json knows the cause" grep -qE '"cause": "(workers|unsteady|crash)"' exercises/progress.json
}

for kind in "$@"; do
    case $kind in
    compile) caught compile compile compile 'oct_mapp' ;;
    race) caught race race race 'data race' ;;
    deadlock) caught deadlock answer hang 'it did not end within' ;;
    loop)
        caught loop answer hang 'main at exercise.c:'
        check "loop: no line is told of what is not the program's" says_not '_start at' "$work/out"
        ;;
    eight) caught eight answer workers 'on 8 threads the answer is wrong' ;;
    leak) caught leak leak leak 'leak of' ;;
    crash) caught crash answer crash 'it crashed: Segmentation fault' ;;
    fork) caught fork answer processes 'it started more than' ;;
    output) caught output answer output 'it wrote more than' ;;
    memory) caught memory answer memory "took more than" ;;
    disk) caught disk answer disk 'filled the disk' ;;
    one-node) caught one-node cluster away 'cannot open' ;;
    gives-up) caught gives-up answer status 'error: no idea' ;;
    global) caught global processes status 'not ready' ;;
    shared) caught shared processes shared 'right on threads and wrong on processes' ;;
    means) caught means answer wrong 'the answer is wrong' ;;
    order) caught order answer wrong 'the answer is wrong' ;;
    transposed) caught transposed answer wrong 'the answer is wrong' ;;
    unsafe) caught_unsafe ;;
    slow) caught_slow ;;
    *) check "$kind is known" false ;;
    esac
done

finish
