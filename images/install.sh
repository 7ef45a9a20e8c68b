#!/bin/sh
# Runs inside the image's first stage: builds Octavo's part of the image with Bazel and
# lays it out under the folder named.
set -eu

out=$1
targets='//provision/node:octavo-node //provision/node/slurm:octavo-slurm //provision/node/hello:octavo-hello
//examples/prep:octavo-prep //runtime:dist'

# Namespaces for Bazel's own sandbox are not to be had in a build container.
bazel --batch build --spawn_strategy=local $targets

mkdir -p "$out/usr/local/bin" "$out/usr/local/lib" "$out/usr/local/include"
for program in provision/node/octavo-node provision/node/slurm/octavo-slurm provision/node/hello/octavo-hello \
    examples/prep/octavo-prep; do
    install -s -m 755 "bazel-bin/$program" "$out/usr/local/bin/"
done
tar -xf bazel-bin/runtime/octavo.tar -C "$out/usr/local"
install -m 755 images/octcc "$out/usr/local/bin/octcc"

# Where the volumes go: a new volume takes its owner from here.
install -d -o 1000 -g 1000 -m 755 "$out/var/lib/octavo" "$out/home/octavo"
