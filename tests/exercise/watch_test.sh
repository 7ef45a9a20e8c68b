#!/usr/bin/env bash
# `octavo exercise watch` at a terminal: it checks at each save, however it was saved, and has its keys.
# shellcheck disable=SC2154 # lib.sh sets work
set -euo pipefail

here=$PWD octavo=$PWD/$1 kit=$PWD/$2 root=$PWD terminal=$PWD/$3
# shellcheck source=tests/exercise/lib.sh
. "$here/tests/exercise/lib.sh"

# watch KEYS: what is shown is in $work/screen, the status in $status.
watch() {
    status=0
    python3 "$terminal" "$work/screen" "$1" "$octavo" exercise watch 2>"$work/err" || status=$?
    cp "$work/screen" "$work/out"
}

# The student's file.
file=exercises/01-map/exercise.c
mkdir -p exercises

watch 'await waiting for|h|await hint 1 of|l|await 02-futures|s|await opens when yours|n|await has not passed|r|await [y/n]|n|await nothing was changed|q'
check "q ends it" [ "$status" = 0 ]
check "it begins the first lesson" [ -e "$file" ]
check "it checks at once" says 'no task ran on a pool' "$work/screen"
check "it shows how far the student is" grep -qE '\] 0 of [1-9]' "$work/screen"
check "no line is wider than the terminal" [ "$(sed "s/\r\x1b\[K/\n/g; s/\x1b\[[0-9;]*[A-Za-z]//g; s/\r//g" "$work/screen" | wc -L)" -le 80 ]
check "the keys are told again after each" [ "$(grep -c 'q quit' "$work/screen")" -ge 4 ]
check "nothing was reset" [ ! -e exercises/01-map.backup-1 ]

# seen TEXT: waits, at most half a minute, until the screen holds it.
seen() {
    for _ in $(seq 600); do
        grep -qF -- "$1" "$work/screen2" 2>/dev/null && return
        sleep 0.05
    done
}

# Saved in place, and then as editors do: another file, renamed over it.
(
    seen 'waiting for'
    echo 'int main(void) { return nonsense; }' >"$file"
    seen 'does not compile'
    echo 'int main(void) { return rubbish; }' >"$file~"
    mv -f "$file~" "$file"
) &
saver=$!
status=0
python3 "$terminal" "$work/screen2" "await waiting for|await does not compile|await nonsense|await rubbish|r|await [y/n]|y|await begun anew|q" \
    "$octavo" exercise watch 2>"$work/err" || status=$?
cp "$work/screen2" "$work/out"
wait $saver
check "a save is seen" says "exercise.c does not compile" "$work/screen2"
check "the compiler names the line" says "exercise.c:1:" "$work/screen2"
check "a file renamed over is seen" says rubbish "$work/screen2"
check "y resets and keeps a backup" [ -e exercises/01-map.backup-1/exercise.c ]
check "it ended by q" [ "$status" = 0 ]

# A program that hangs does not hang the watch: a key ends it.
sed 's|double start = now();|&\n    for (volatile int more = 1; more;) more = 1;|' "$root/examples/01-map/exercise.c" >"$file.new"
mv "$file.new" "$file"
start=$SECONDS
watch 'await compiles|0.5|q'
check "q ends a check that hangs" [ "$status" = 0 ]
check "at once" [ $((SECONDS - start)) -lt 15 ]
check "nothing of it is left" [ -z "$(pgrep -f '^/tmp/octavo-exercise[.].*/program' || true)" ]
watch 'await compiles|0.2|\003'
check "Ctrl-C ends it as interrupted" [ "$status" = 130 ]

finish
