# Shared by the end-to-end cases: running a case, looking at what it did.
#
# A case is a function whose name is a sentence. It runs in a shell of its own; it fails at
# the first expectation that does not hold, and is skipped where `skip REASON` says so.
# shellcheck shell=bash disable=SC2034,SC2154 # the script that reads this sets other and pattern, and uses image

library=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
root=$(cd "$library/../.." && pwd)
passed=0 failed=0 skipped=0

# The program: OCTAVO_PROGRAM, the one that Bazel has built for the test, or the one built last.
octavo=${OCTAVO_PROGRAM:-}
[ -n "$octavo" ] || octavo=${TEST_SRCDIR:+$TEST_SRCDIR/octavo/provision/cli/octavo}
[ -n "$octavo" ] || octavo=$root/bazel-bin/provision/cli/octavo
octavo=$(readlink -f "$octavo")
image=${OCTAVO_TEST_IMAGE:-octavo/node:dev}
work=$(mktemp -d)
unset OCTAVO_ROOT NO_COLOR

# run_case NAME: runs the function unless its name does not match the pattern.
run_case() {
    local title=$1 log=$work/log start=$SECONDS status
    [[ $title =~ $pattern ]] || return 0
    (set -e; cd "$(mktemp -d "$work/case.XXXX")"; "$title") >"$log" 2>&1
    status=$?
    case $status in
    0) passed=$((passed + 1)); printf 'ok    %s (%d s)\n' "$title" $((SECONDS - start)) ;;
    77) skipped=$((skipped + 1)); printf 'skip  %s: %s\n' "$title" "$(tail -n 1 "$log")" ;;
    *)
        failed=$((failed + 1))
        printf 'FAIL  %s\n' "$title"
        sed 's/^/      /' "$log" | tail -n 40
        # What it left must not fail the cases after it.
        "$octavo" down "$other" --on "${on:-docker}" --quiet </dev/null
        ;;
    esac
}

skip() { echo "$*"; exit 77; }

fail() { echo "expected: $*"; exit 1; }

# try STATUS COMMAND...: runs the command, its output into ./out and ./err, and expects
# that exit status.
try() {
    local wanted=$1 status=0
    shift
    "$@" >out 2>err </dev/null || status=$?
    show_and_expect "$wanted" "$status" "$*"
}

# The same with ./in as standard input.
try_with_input() {
    local wanted=$1 status=0
    shift
    "$@" >out 2>err <in || status=$?
    show_and_expect "$wanted" "$status" "$*"
}

show_and_expect() {
    echo "\$ $3"
    head -c 2000 out
    head -c 4000 err
    [ "$1" -eq "$2" ] || fail "status $1, not $2"
}

# has FILE TEXT: the file holds the text.
has() { grep -qF -- "$2" "$1" || fail "'$2' in $1"; }
has_not() { ! grep -qF -- "$2" "$1" || fail "no '$2' in $1"; }
is_empty() { [ ! -s "$1" ] || fail "$1 to be empty: $(head -c 300 "$1")"; }
equal() { [ "$1" = "$2" ] || fail "'$1', not '$2'"; }

# json FILE EXPRESSION: a value of the JSON object in the file, by a Python expression on d.
json() { python3 -c 'import json,sys; d = json.loads(open(sys.argv[1]).read()); print(eval(sys.argv[2]))' "$1" "$2"; }

# tells_answers_apart LESSON: on the two nodes of $other the first lesson's solution is right, and what is
# wrong with an answer on nodes alone is seen.
tells_answers_apart() {
    local check=("$octavo" exercise check 01-map --from cluster --until cluster --on "$on" --name "$other")
    try 0 "$octavo" exercise start 01-map
    cp "$1/solution.c" exercises/01-map/exercise.c
    try 0 "${check[@]}"
    has out "right on the 2 nodes of '$other'"
    sed 's|double start = now();|&\n    if (oct_pool_nodes(pool) > 1) printf("so many nodes\\n");|' "$1/solution.c" >exercises/01-map/exercise.c
    try 1 "${check[@]}"
    has out "on the 2 nodes of '$other' the answer is wrong"
}

# every_lesson_agrees NAME FOLDER: on the cluster each lesson of the folder computes the same on one node and
# on all. All that do not are told.
every_lesson_agrees() {
    local at=(--on "${on:-docker}" --name "$1") set lesson wrong=()
    for set in stocks taxi; do try 0 "$octavo" prep "${at[@]}" "$set" --size 3m; done
    for lesson in "$2"/[0-9]*; do
        lesson=$(basename "$lesson")
        "$octavo" run "${at[@]}" "$lesson" >out 2>err </dev/null && grep -qF "both results are the same" err && continue
        wrong+=("$lesson")
        printf '%s:\n' "$lesson"
        tail -n 10 err
    done
    [ ${#wrong[@]} -eq 0 ] || fail "the same results of ${wrong[*]}"
}

# What the engine has of a cluster, one name a line.
things_of() {
    docker ps -aq --filter "label=octavo.cluster=$1"
    docker network ls -q --filter "label=octavo.cluster=$1"
    docker volume ls -q --filter "label=octavo.cluster=$1"
}

nothing_left_of() { equal "$(things_of "$1")" ""; }

# wait_for SECONDS COMMAND...: until the command succeeds.
wait_for() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $deadline ] || fail "within the time: $*"
        sleep 0.1
    done
}

# in_terminal STATUS KEYS COMMAND...: runs the command in a pseudo-terminal, types KEYS (see
# terminal.py), leaves what it showed in ./screen, and expects that exit status.
in_terminal() {
    local wanted=$1 status=0
    shift
    python3 "$library/terminal.py" screen "$@" || status=$?
    echo "\$ ${*:2}"
    tr -d '\000' <screen | tail -c 3000
    [ "$wanted" -eq "$status" ] || fail "status $wanted, not $status"
}
