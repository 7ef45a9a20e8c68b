#!/usr/bin/env bash
# The stage 'cluster' on a cluster that is up: the right answer passes there, one that is wrong on nodes
# alone is caught there, and no cluster is started unasked.
# shellcheck disable=SC2154 # lib.sh sets work
set -euo pipefail

here=$PWD octavo=$PWD/$1 kit=$PWD/$2 root=$PWD
# shellcheck source=tests/exercise/lib.sh
. "$here/tests/exercise/lib.sh"
name=exercise-test
trap '"$octavo" down "$name" --quiet </dev/null >/dev/null 2>&1 || true; rm -rf "$work"' EXIT

"$octavo" exercise start 01-map >/dev/null
cp -f "$root/examples/01-map/solution.c" exercises/01-map/exercise.c
check "without a cluster it runs on ranks here" ends 0 "$octavo" exercise check 01-map --until cluster --name $name
check "and says how to have one" says "with '$name' up ('octavo up') it runs there" "$work/out"
check "none was started" ends 3 "$octavo" status --name $name

# (Without a root it takes the image that is there and makes none.)
check "a cluster comes up" ends 0 env -u OCTAVO_ROOT "$octavo" up --name $name -n 3
check "the right answer is right there" ends 0 "$octavo" exercise check 01-map --until cluster --name $name
check "by name" says "right on the 3 nodes of '$name'" "$work/out"
sed 's|double start = now();|&\n    if (oct_pool_nodes(pool) > 2) printf("so many nodes\\n");|' "$root/examples/01-map/solution.c" >exercises/01-map/exercise.c
check "what is wrong on nodes alone fails" ends 1 "$octavo" exercise check 01-map --until cluster --name $name
check "on the cluster" says "on the 3 nodes of '$name' the answer is wrong" "$work/out"
check "with what it means" says 'wrong on nodes: every node' "$work/out"

finish
