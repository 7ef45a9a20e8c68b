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
    expect actor $pool 'two
three
there is no word 3'
    expect array $pool 'array of 3 x 3
  1  1  0
  1  1  0
  0  0  1'
    expect arrow $pool 'fare of the first trip: 10.5
zone    count
Soho        2
Harlem      1
null        1
3 rows'
    expect bag $pool '["folded",3]'
    expect first $pool '3'
    expect fork $pool '92'
    expect frame $pool 'passenger_count  trips  mean(tip_fraction)
              1      2               0.125
              2      2                0.15
           null      1                0.25
3 rows'
    expect futures $pool '25
25
root(-1) failed 2 times: -1 has no real root'
    expect hdf5 $pool '       day  close
2013-01-02   78.5
2013-01-03   null
2 rows
3 x 4, sum 12'
    expect lazy $pool 'line 3: 3 is not even
1 of 5 items of '"'half'"' failed; the first, item 2: 3 is not even
half of all: 8
1 4 9 16'
    expect map $pool "word 1: 'it' is too short
word 3: 'a' is too short
2 of 5 items of 'letters' failed; the first, item 1: 'it' is too short
5 0 6 0 6 "
    expect node $pool '1000
the last of the nodes is there'
    expect reduce $pool '30
10: 1 3 6 10
100 101 103 106'
    expect scatter $pool '0 5000 10000 15000'
    expect shared $pool '2870 of 20
a line
a line'
    expect tags $pool "where the big memory is
no node has the tag 'tpu'
the nodes of this pool have: bigmem+disk"
    expect values $pool '9
10'
done
exit $failed
