#!/usr/bin/env bash
# compare.sh [WORKERS]: runs the same map in every system of this folder with so many workers (default
# 2), and prints how long each program is, how long it took, and whether its answer is that of the loop.
#
# Needs: bazel build //examples/rosetta:all. Programs are taken from $ROSETTA_BIN and sources
# from $ROSETTA_SRC, by default where Bazel and the repository have them.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
source=${ROSETTA_SRC:-$here}
bin=${ROSETTA_BIN:-$here/../../bazel-bin/examples/rosetta}
plugin=${ROSETTA_PLUGIN:-$here/../../bazel-bin/runtime/exec/cluster/liboctavo-cluster.so}
workers=${1:-2}
[[ $workers =~ ^[1-9][0-9]*$ ]] || { echo "error: '$workers' is not a number of workers" >&2; exit 2; }

# Open MPI makes sockets, whose paths must be short; the cluster pool's plug-in lies beside the program.
work=$(mktemp -d /tmp/octavo.XXXXXX)
trap 'rm -rf "$work"' EXIT
expected=
status=0

# Lines of code: not those that are empty, nor comments.
code_lines() { sed -e 's:/\*.*\*/::' -e '/\/\*/,/\*\//d' "$1" | grep -c '[^[:space:]]'; }

# shellcheck disable=SC2317  # try calls it
on_ranks() {
    TMPDIR=$work OMPI_MCA_btl_vader_backing_directory=$work \
        OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 \
        mpirun --oversubscribe -n "$workers" "$@"
}

# try NAME SOURCE COMMAND...
try() {
    local name=$1 file=$source/$2 answer verdict='the same'
    shift 2
    if ! answer=$("$@" 2>"$work/err"); then
        verdict='failed'
    elif [ "$answer" != "${expected:=$answer}" ]; then
        verdict="another: $answer"
    fi
    [ "$verdict" = 'the same' ] || status=1
    printf '%-20s %6d %9s   %s\n' "$name" "$(code_lines "$file")" "$(grep -oE '^[0-9.]+ s$' "$work/err" || echo -)" "$verdict"
    [ "$verdict" != failed ] || sed 's/^/    /' "$work/err" >&2
}

printf '%-20s %6s %9s   %s\n' "system, $workers workers" lines time answer
try loop loop.c "$bin/loop"
try OpenMP openmp.c env OMP_NUM_THREADS="$workers" "$bin/openmp"
try 'fork and pipe' forkpipe.c "$bin/forkpipe" "$workers"
try 'Octavo, threads' pool.c "$bin/pool" --pool="threads:$workers"
try 'Octavo, processes' pool.c "$bin/pool" --pool="processes:$workers"
if [ -e "$bin/mpi" ] && [ -e "$plugin" ]; then
    cp -L "$bin/pool" "$plugin" "$work"
    try MPI mpi.c on_ranks "$bin/mpi"
    try 'Octavo, cluster' pool.c on_ranks "$work/pool"
else
    echo "MPI, cluster: built without Open MPI"
fi
exit $status
