#!/bin/sh
# Builds what runs on a cluster's nodes and lays it out under a prefix: bin/, lib/, include/.
# The image has it under /usr/local, a Slurm site where its users choose.
#
#   images/prefix.sh PREFIX [BAZEL_OPTION...]
set -eu

prefix=$1
shift
cd "$(dirname "$0")/.."

programs='provision/node/octavo-node provision/node/slurm/octavo-slurm provision/node/hello/octavo-hello
examples/prep/octavo-prep'
targets=//runtime:dist
for program in $programs; do
    targets="$targets //${program%/*}:${program##*/}"
done
# shellcheck disable=SC2086 # lists
bazel ${OCTAVO_BAZEL_STARTUP:-} build "$@" $targets

mkdir -p "$prefix/bin"
for program in $programs; do
    install -s -m 755 "bazel-bin/$program" "$prefix/bin/"
done
tar -xf bazel-bin/runtime/octavo.tar --no-same-owner -C "$prefix"
install -m 755 images/octcc "$prefix/bin/octcc"
