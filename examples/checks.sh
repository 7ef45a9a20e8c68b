# shellcheck shell=bash
# checks.sh - what the tests of lessons share; sourced by each with bash -eu.
#
# $work is an empty folder that goes away with the test, which ends with `finish`.
# (Its path is short, which TEST_TMPDIR's may not be: an error has room for a path of some length before what it says.)
work=$(mktemp -d /tmp/lesson.XXXXXX)
ranks_work=
trap 'rm -rf "$work" $ranks_work' EXIT
failures=0

# check WHAT CONDITION...
check() {
    if "${@:2}"; then printf 'ok    %s\n' "$1"; else printf 'FAIL  %s\n' "$1"; failures=$((failures + 1)); fi
}

says() { grep -qF -- "$1" "$2"; }

# fails_with STATUS COMMAND...: its output is in $work/out and $work/err.
fails_with() {
    local want=$1 got=0
    shift
    "$@" >"$work/out" 2>"$work/err" || got=$?
    [ "$got" = "$want" ]
}

# on_ranks N PLUGIN PROGRAM [FOLDER]: the cluster pool on N ranks of this host, as nodes that share no folder: each rank
# runs in one of its own, with a TMPDIR of its own and a copy of FOLDER, which it is told by its name there, "data".
# The program finds the plug-in beside itself; Open MPI makes sockets, whose paths must be short, in a folder of its own.
on_ranks() {
    local ranks=$1 plugin=$2 program=$3 folder=${4:-}
    ranks_work=$(mktemp -d /tmp/octavo.XXXXXX)
    cp -Lf "$plugin" "$ranks_work/liboctavo-cluster.so"
    cp -Lf "$program" "$ranks_work/program"
    local status=0
    TMPDIR=$ranks_work OMPI_MCA_btl_vader_backing_directory=$ranks_work \
        OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 \
        mpirun --oversubscribe -n "$ranks" sh -c \
        'TMPDIR=$TMPDIR/$OMPI_COMM_WORLD_RANK && mkdir "$TMPDIR" && cd "$TMPDIR" && { [ -z "$2" ] || cp -r "$2" data; } &&
        exec "$1" ${2:+data}' sh "$ranks_work/program" "$folder" || status=$?
    rm -rf "$ranks_work"
    return $status
}

# same_on_ranks FILE SOLUTION PLUGIN [FOLDER]: on three ranks it prints what FILE holds. PLUGIN is empty where there is no
# Open MPI.
same_on_ranks() {
    [ -n "$3" ] || { echo "skip  ranks: built without Open MPI"; return 0; }
    on_ranks 3 "$3" "$2" "${4:-}" >"$work/parallel" 2>"$work/err" || cat "$work/err"
    check "on three ranks that share no folder it prints what the loop printed" cmp -s "$1" "$work/parallel"
}

# same_everywhere SOLUTION PLUGIN: it prints $work/sequential on each pool.
same_everywhere() {
    local pool
    for pool in threads:1 threads:8 processes:2; do
        "$1" --pool=$pool >"$work/parallel" 2>/dev/null
        check "the solution on $pool prints what the loop printed" cmp -s "$work/sequential" "$work/parallel"
    done
    same_on_ranks "$work/sequential" "$1" "$2"
}

finish() { [ "$failures" -eq 0 ]; }
