#!/usr/bin/env bash
# The verbs of `octavo exercise`: what they say, what they leave, what they refuse.
# shellcheck disable=SC2154 # lib.sh sets work
set -euo pipefail

here=$PWD octavo=$PWD/$1 kit=$PWD/$2
# Lessons are made here too, so these are a copy.
root=$(mktemp -d "${TEST_TMPDIR:-/tmp}/lessons.XXXXXX")
cp -rL "$here/examples" "$root/examples"
chmod -R u+w "$root"
# shellcheck source=tests/exercise/lib.sh
. "$here/tests/exercise/lib.sh"

exercise() { "$octavo" exercise "$@"; }

# --- list, start ---
check "list shows the lessons" ends 0 exercise list
check "one is there" grep -qE '^01-map +- +Parallel map' "$work/out"
check "what is told of each stands below each other" \
    [ "$(awk '/^[0-9][0-9]-/ { print length($1) + match(substr($0, length($1) + 1), /[^ ]/) }' "$work/out" | sort -u | wc -l)" = 1 ]
check "none has passed" says '] 0 of ' "$work/out"
check "without a verb it lists" ends 0 exercise
check "a part of the course has its heading" grep -qx 'what sharing costs, in any order:' "$work/out"
check "references are listed too" grep -qE '^false_sharing +False sharing: counters' "$work/out"
check "list --json is one object" ends 0 exercise list --json
check "it is versioned" says '{"version":1,"command":"exercise list"' "$work/out"
check "a lesson starts" ends 0 exercise start 01-map
check "it says what to do" says 'octavo exercise check 01-map' "$work/out"
check "the student's file is there" [ -e exercises/01-map/exercise.c ]
check "the solution is not" [ ! -e exercises/01-map/solution.c ]
check "progress is plain text" says '"started": "20' exercises/progress.json
check "a second start is refused" ends 1 exercise start 01-map
check "the way out is told" says "reset 01-map" "$work/err"
check "the file that was edited is still there" [ -e exercises/01-map/exercise.c ]
check "list knows it" ends 0 exercise list
check "as started" grep -qE '^01-map +started' "$work/out"
(
    cd exercises/01-map
    check "in a lesson's folder its name is not needed" ends 0 exercise hint
    check "it is that lesson's hint" says 'hint 1 of ' "$work/out"
)

# --- names ---
check "a mistyped lesson is not found" ends 3 exercise start 01-mpa
check "the nearest is told" says "did you mean '01-map'?" "$work/err"
check "nothing near is told too" ends 3 exercise hint zebras
check "with the list" says "exercise list" "$work/err"
check "a number is enough" ends 0 exercise hint 1
check "a word is enough" ends 0 exercise hint map
check "a mistyped verb is a usage error" ends 2 exercise chekc
check "the nearest verb is told" says "did you mean 'check'?" "$work/err"
check "two lessons are one too many" ends 2 exercise check 01-map 02-futures
check "a stage that is none is a usage error" ends 2 exercise check 01-map --until tea
check "and so is one after the last" ends 2 exercise check 01-map --from race --until answer
check "a folder's name may be given" ends 0 exercise start 02-futures --folder other/place
check "and is made" [ -e other/place/02-futures/series.c ]

# --- check as handed out ---
check "as handed out it fails" ends 1 exercise check 01-map
check "it compiles" grep -qE '^  ok +compile ' "$work/out"
check "it is a loop" says 'no task ran on a pool' "$work/out"
check "no further stage is tried" says_not 'race' "$work/out"
sed -i "s|double start = now();|&\n    FILE *ran = fopen(\"$work/ran\", \"a\"); if (ran) { fputs(\"once\\\\n\", ran); fclose(ran); }|" exercises/01-map/exercise.c
check "a loop is told for one" ends 1 exercise check 01-map
check "by what it does in one run" [ "$(wc -l <"$work/ran")" = 1 ]
cp -f "$root/examples/01-map/exercise.c" exercises/01-map/exercise.c
check "check --json fails alike" ends 1 exercise check 01-map --json
check "the cause is in it" says '"cause":"loop"' "$work/out"
check "a lesson that was not started cannot be checked" ends 3 exercise check 08
check "the way out is start" says 'exercise start 08-taxi-frame' "$work/err"

# --- hints, solution ---
for _ in 1 2 3 4 5; do exercise hint 01-map >"$work/out"; done
check "after the last hint all are shown again" says 'That is all' "$work/out"
check "no line of a hint is wider than a terminal" [ "$(grep -v '^That' "$work/out" | wc -L)" -le 92 ]
check "the solution is closed" ends 4 exercise solution 01-map
check "the way is told" says 'exercise hint 01-map' "$work/err"
check "hint --json tells those that were shown" ends 0 exercise hint 01-map --json
check "all of them, by now" says '"of":4,"hints":["Begin with the pool' "$work/out"
check "--anyway opens it" ends 0 exercise solution 01-map --anyway
check "solution --json names the file" ends 0 exercise solution 01-map --anyway --json
check "which is there" [ -e "$(sed 's/.*"file":"\([^"]*\)".*/\1/' "$work/out")" ]
check "it is another file" cmp -s exercises/01-map/solution.c "$root/examples/01-map/solution.c"
cp -f "$root/examples/01-map/solution.c" exercises/01-map/exercise.c
check "one stage may be looked at alone" ends 0 exercise check 01-map --from processes --until processes
check "and no other is" [ "$(grep -cE '^  ok +(compile|processes) ' "$work/out")$(grep -cE ' (answer|race) ' "$work/out" || true)" = 20 ]
check "which is not to have passed" says_not 'has passed' "$work/out"
check "the solution is right" ends 0 exercise check 01-map --until processes
check "it says how far it looked" says "right so far" "$work/out"
check "that is not passed" says_not '"passed": "20' exercises/progress.json

# --- right, but for what could not be told ---
exercise start 01-map --folder later >/dev/null
echo '{"version": 1, "lessons": {"01-map": {"started": "2026-01-01T00:00:00Z", "later": "speed"}}}' >later/progress.json
check "what is left for later is no failure" ends 0 exercise list --folder later
check "it is right" grep -qE '^01-map +right ' "$work/out"
check "and has not passed" says '] 0 of ' "$work/out"
check "its solution is open" ends 0 exercise solution 01-map --folder later
exercise hint 01-map --folder later >/dev/null
check "progress counts" ends 0 exercise progress --folder later
check "one as one" grep -qE '^01-map +right +0 checks, 1 hint$' "$work/out"

# --- reset ---
check "an edited file is not reset without being asked" ends 4 exercise reset 01-map
check "it says how" says '--yes' "$work/err"
check "--yes resets" ends 0 exercise reset 01-map --yes
check "a backup is kept" cmp -s exercises/01-map.backup-1/exercise.c "$root/examples/01-map/solution.c"
check "the file is as handed out" cmp -s exercises/01-map/exercise.c "$root/examples/01-map/exercise.c"
check "what was not edited is reset without a word" ends 0 exercise reset 01-map
check "what was not started cannot be" ends 3 exercise reset 08-taxi-frame

# --- what is missing ---
check "no kit is told" ends 3 env OCTAVO_KIT=/nowhere "$octavo" exercise check 01-map
check "with the way out" says './octavo' "$work/err"
check "no compiler is told" ends 3 env OCTCC=no-such-compiler "$octavo" exercise check 01-map
check "with its name" says 'no-such-compiler' "$work/err"
check "it points to doctor" says 'octavo doctor' "$work/err"
cp -r "$work/kit" kit-full
printf '#!/bin/sh\necho "error: no space left for it" >&2\nexit 1\n' >prep-full
mv -f prep-full kit-full/bin/octavo-prep && chmod +x kit-full/bin/octavo-prep
check "no room for the data is told" ends 1 env OCTAVO_KIT="$work/kit-full" XDG_CACHE_HOME="$work/none" "$octavo" exercise check 01-map
check "with its folder" says "no space left for the data set 'stocks' in '" "$work/err"
check "and another place to put it" says XDG_CACHE_HOME "$work/err"
rm -rf kit-full
rm exercises/01-map/exercise.c
check "a file that is gone fails the check" ends 1 exercise check 01-map
check "and is named" says 'there is no exercise.c in' "$work/out"
printf '{' >exercises/progress.json
check "spoilt progress is told" ends 2 exercise list
check "with its line" says 'progress.json:1' "$work/err"
check "no terminal for watch is told" ends 1 exercise watch 02-futures --folder other/place
check "with the way out" says 'exercise check' "$work/err"

# --- for teachers ---
mkdir -p class/ada class/bob/exercises class/eve
cat >class/ada/progress.json <<'END'
{"version": 1, "lessons": {"01-map": {"started": "2026-01-01T00:00:00Z", "passed": "2026-01-01T01:00:00Z", "checks": 3},
 "02-futures": {"started": "2026-01-02T00:00:00Z", "stuck": "race", "checks": 9}}}
END
cp class/ada/progress.json class/bob/exercises/
check "report reads many folders" ends 0 exercise report class/*
check "who passed what is in it" grep -qE '^ada +passed +race .* 1 of [0-9]+$' "$work/out"
check "a folder above exercises will do" grep -qE '^bob +passed +race' "$work/out"
check "who has none is told" grep -qE "^eve +no progress.json" "$work/out"
check "where they are stuck is counted" says "02-futures: 2 stuck at 'race'" "$work/out"
check "report --json is one object" ends 0 exercise report class/ada --json
check "with each lesson's state" says '"02-futures":{"state":"race"' "$work/out"
check "folders without any progress fail" ends 3 exercise report class/eve
mkdir "class/a student with a long name"
echo '{"version": 1, "lessons": {}}' >"class/a student with a long name/progress.json"
check "a long name is no trouble" ends 0 exercise report class/*
check "all stand below each other" [ "$(awk '!NF { exit } !/no progress/ { print match($0, / [0-9]+ of | passed$/) }' "$work/out" | sort -u | wc -l)" = 1 ]
check "no lesson takes more room than its states" [ "$(wc -L <"$work/out")" -lt 130 ]
check "report needs folders" ends 2 exercise report

check "a new lesson is made" ends 0 exercise new 09-primes
check "it has what a lesson has" [ -e "$root/examples/09-primes/lesson.json" ]
check "it can be failed and passed as it is" ends 0 exercise check --lesson 09-primes --until leak --folder fresh
check "a second one of that name is refused" ends 1 exercise new 09-primes
check "and one of its number" ends 1 exercise new 01-other
check "whose lesson that is, and a number that is free" grep -qzE "'01-map'.*choose another: 10 is free" "$work/err"
check "a name that is none is refused" ends 2 exercise new Primes
sed -i 's/return count_primes(start);/return 0;/' "$root/examples/09-primes/solution.c"
check "a wrong solution does not pass" ends 1 exercise check --lesson 09-primes --until answer --folder fresh
check "it is told which" grep -qE 'FAIL +solution.c: answer: on 1 thread the answer is wrong' "$work/out"
cp "$root/examples/01-map/solution.c" "$root/examples/01-map/exercise.c"
check "an exercise that is solved already does not pass" ends 1 exercise check --lesson 01-map --until answer --folder fresh
check "and that is told" grep -qE 'FAIL +exercise.c fails as handed out' "$work/out"

rm -rf "$root"
finish
