#!/usr/bin/env bash
# octavo-prep: every set is the same for the same seed, on any pool, is resumed, and is what it says.
# shellcheck disable=SC2154 # checks.sh sets work
set -euo pipefail

checks=$1 prep=$2
# shellcheck source=examples/checks.sh
. "$checks"

same() { diff -rq "$1" "$2" >/dev/null; }
differs() { ! cmp -s "$1" "$2"; }

for set in stocks taxi digits events; do
    "$prep" $set --size 200k --to "$work/$set" --quiet --pool=threads:2
    "$prep" $set --size 200k --to "$work/$set.again" --quiet --pool=processes:3
    "$prep" $set --size 200k --to "$work/$set.other" --quiet --seed 7
    check "$set: the same seed makes the same files on any pool" same "$work/$set" "$work/$set.again"
    one=$(cd "$work/$set" && find . -type f ! -name prep.json | sort | head -n 1)
    check "$set: another seed makes others" differs "$work/$set/$one" "$work/$set.other/$one"
    bytes=$(find "$work/$set" -type f ! -name prep.json -exec cat {} + | wc -c)
    check "$set: it is about as large as was asked for ($bytes)" [ "$bytes" -gt 150000 -a "$bytes" -lt 1200000 ]

    # As an interrupted run leaves it: some files, and the description of what they are part of.
    mv "$work/$set/prep.json" "$work/$set/prep.json.part"
    rm "$work/$set/$one"
    echo half >"$work/$set/$one.part-a1b2c3" # of one that was killed
    echo half >"$work/$set/$one.part-d4e5f6" # of one that is at it, which has its lock
    exec 8<"$work/$set/$one.part-d4e5f6"
    flock 8
    "$prep" $set --size 200k --to "$work/$set" 2>"$work/err"
    check "$set: what another is at stays there" [ -e "$work/$set/$one.part-d4e5f6" ]
    exec 8<&-
    rm -f "$work/$set/$one.part-d4e5f6"
    files=$(find "$work/$set" -type f ! -name prep.json | wc -l)
    check "$set: how far it is is told, in plain lines" grep -qE "^$set: $files of $files, [0-9.]+ s$" "$work/err"
    check "$set: the same command makes what is missing" says ': 1 files made' "$work/err"
    check "$set: and nothing else" same "$work/$set" "$work/$set.again"
done

event='^\{"id":"[0-9]+","type":"[A-Za-z]+Event","actor":\{"id":[0-9]+,"login":"user-[0-9]+"\},"repo":\{"id":[0-9]+,"name":"user-[0-9]+/repo-[0-9]+"\},"payload":\{[^{}]*\},"public":true,"created_at":"2015-01-01T[0-9:]{8}Z"\}$'
check "every line is an event" [ "$(cat "$work"/events/json/*.json | grep -cvE "$event")" = 0 ]
check "pushes are every second one" awk '/"PushEvent"/ { n++ } END { exit !(n > NR * 0.4 && n < NR * 0.6) }' "$work"/events/json/*.json
check "an hour's file has that hour's events" [ "$(grep -c 'T15:' "$work/events/json/2015-01-01-15.json")" = "$(wc -l <"$work/events/json/2015-01-01-15.json")" ]
check "no event's number comes twice" [ -z "$(cut -d'"' -f4 "$work"/events/json/*.json | sort | uniq -d)" ]
check "an unknown set is a usage error" fails_with 2 "$prep" tea
check "the known ones are told" says 'stocks, taxi, digits, events' "$work/err"
check "an option that is none is a usage error" fails_with 2 "$prep" stocks --colour red
check "where the options are is told" says '--help' "$work/err"

finish
