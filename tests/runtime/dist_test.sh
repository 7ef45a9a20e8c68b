#!/bin/sh
# What is installed under a prefix compiles and runs a program, and shows only what it should.
set -eu

dist=$PWD/$1
example=$PWD/$2
prefix=$TEST_TMPDIR/prefix
mkdir -p "$prefix"
tar -xf "$dist" -C "$prefix"

if nm -D "$prefix/lib/liboctavo.so.0" | grep -q '__[atu]b*san_'; then
    echo "skipped: a library with a sanitizer needs programs with the same one"
    exit 0
fi

export PKG_CONFIG_PATH="$prefix/lib/pkgconfig"
# shellcheck disable=SC2046
cc -std=gnu17 -O2 -Wall -Wextra -Werror -o "$TEST_TMPDIR/first" "$example" $(pkg-config --cflags --libs octavo) \
    -Wl,-rpath,"$prefix/lib"

out=$("$TEST_TMPDIR/first" --pool=threads:2)
[ "$out" = 3 ] || { echo "it printed '$out'"; exit 1; }

if err=$("$TEST_TMPDIR/first" --pool=thraeds 2>&1); then
    echo "an unknown pool was taken"
    exit 1
fi
case $err in
*"pool 'thraeds'"*"hint: "*) ;;
*) echo "it said '$err'"; exit 1 ;;
esac

if nm -D --defined-only "$prefix/lib/liboctavo.so.0" | awk '{print $3}' | grep -v '^oct[i]*_\|^OCTAVO_'; then
    echo "these names do not belong there"
    exit 1
fi
