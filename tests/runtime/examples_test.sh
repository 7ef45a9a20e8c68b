#!/bin/sh
# The headers' examples print what they should, on each kind of pool of this host.
set -eu

examples=runtime/include/examples
failed=0

expect() {
    name=$1 pool=$2 wanted=$3
    if ! got=$("$examples/$name" "--pool=$pool"); then
        echo "$name on $pool: it failed"
        failed=1
    fi
    [ "$got" = "$wanted" ] || { printf '%s on %s: it printed\n%s\nand not\n%s\n' "$name" "$pool" "$got" "$wanted"; failed=1; }
}

for pool in threads:2 threads:1 processes:2; do
    expect first $pool '3'
    expect fork $pool '92'
    expect futures $pool '25
25
root(-1) failed 2 times: -1 has no real root'
    expect map $pool "word 1: 'it' is too short
word 3: 'a' is too short
2 of 5 items of 'letters' failed; the first, item 1: 'it' is too short
5 0 6 0 6 "
    expect values $pool '9
10'
done
exit $failed
