#!/bin/sh
# Runs inside the image's first stage: builds Octavo's part of the image with Bazel and
# lays it out under the folder named.
set -eu

out=$1

# Namespaces for Bazel's own sandbox are not to be had in a build container.
OCTAVO_BAZEL_STARTUP=--batch images/prefix.sh "$out/usr/local" --spawn_strategy=local

# Lines of JSON are read by Jansson where the build finds no yyjson: several times slower, and nothing says so.
ldd "$out/usr/local/lib/liboctavo.so" | grep -q libyyjson || {
    echo "error: liboctavo.so of the image was built without yyjson" >&2
    exit 1
}

# Where the volumes go: a new volume takes its owner from here.
install -d -o 1000 -g 1000 -m 755 "$out/var/lib/octavo" "$out/home/octavo"
