#!/bin/sh
# on_ranks.sh RANKS PROGRAM ARGS...: runs a test on so many ranks of this host.
set -eu
ranks=$1
shift

# In sandboxes with process numbers of their own two mpiruns may think that they are one: each
# gets a folder, which is at a short path because sockets are made in it.
folder=$(mktemp -d /tmp/octavo.XXXXXX)
trap 'rm -rf "$folder"' EXIT
export TMPDIR="$folder" OMPI_MCA_btl_vader_backing_directory="$folder"

# Open MPI leaves memory to the end of the process; leaks of ours show on the other pools.
export ASAN_OPTIONS="detect_leaks=0"

# mpirun refuses root otherwise.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
# Each rank has tags of its own (tags.c).
mpirun --oversubscribe -n "$ranks" \
    sh -c 'OCTAVO_TAGS="all+rank$OMPI_COMM_WORLD_RANK" exec "$0" "$@"' "$@"
