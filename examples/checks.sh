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

# on_ranks N PLUGIN PROGRAM ARGUMENTS...: the cluster pool on N ranks of this host. The program finds
# the plug-in beside itself; Open MPI makes sockets, whose paths must be short, in a folder of its own.
# Each rank has a TMPDIR of its own, as nodes have.
on_ranks() {
    local ranks=$1 plugin=$2 program=$3
    shift 3
    ranks_work=$(mktemp -d /tmp/octavo.XXXXXX)
    cp -Lf "$plugin" "$ranks_work/liboctavo-cluster.so"
    cp -Lf "$program" "$ranks_work/program"
    local status=0
    TMPDIR=$ranks_work OMPI_MCA_btl_vader_backing_directory=$ranks_work \
        OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 \
        mpirun --oversubscribe -n "$ranks" sh -c \
        'TMPDIR=$TMPDIR/$OMPI_COMM_WORLD_RANK && mkdir "$TMPDIR" && exec "$@"' sh "$ranks_work/program" "$@" || status=$?
    rm -rf "$ranks_work"
    return $status
}

# same_everywhere SOLUTION PLUGIN [ARGUMENT...]: on each pool it prints $work/sequential. PLUGIN is empty where there is
# no Open MPI.
same_everywhere() {
    local solution=$1 plugin=$2 pool
    shift 2
    for pool in threads:1 threads:8 processes:2; do
        "$solution" --pool=$pool "$@" >"$work/parallel" 2>/dev/null
        check "the solution on $pool prints what the loop printed" cmp -s "$work/sequential" "$work/parallel"
    done
    [ -n "$plugin" ] || { echo "skip  the solution on ranks: built without Open MPI"; return 0; }
    on_ranks 3 "$plugin" "$solution" "$@" >"$work/parallel" 2>"$work/err" || cat "$work/err"
    check "the solution on three ranks prints what the loop printed" cmp -s "$work/sequential" "$work/parallel"
}

finish() { [ "$failures" -eq 0 ]; }
