#!/usr/bin/env bash
# octavo-prep taxi --from: the city's files from a folder and from an address whose connections are cut. What it calls
# real are made-up ones, which have the same form.
# shellcheck disable=SC2154 # checks.sh sets work
set -euo pipefail

checks=$1 prep=$2 server=$3
# shellcheck source=examples/checks.sh
. "$checks"

real=$work/real files=$work/served name=yellow_tripdata_2019
mkdir "$files"
"$prep" taxi --size 1m --to "$real" --quiet --pool=threads:2
for month in 01 02 03; do gzip -c "$real/$name-$month.csv" >"$files/$name-$month.csv.gz"; done

# take TO ARGUMENT...: with status 0; stays with one thread, so that requests come in order.
take() { fails_with 0 "$prep" taxi --to "$work/$1" --pool=threads:1 "${@:2}"; }
same_months() { for month in "${@:2}"; do cmp -s "$real/$name-$month.csv" "$work/$1/$name-$month.csv" || return 1; done; }
whole() { (cd "$work/$1" && sha256sum -c --quiet ./*.sha256); }
nothing_half() { [ -z "$(cd "$work/$1" && find . -name '*.csv.*' ! -name '*.sha256')" ]; }

# --- by path ---

check "a folder's months are taken" take path --from "$files"
check "they are what was packed" same_months path 01 02 03
check "each has its checksum beside" whole path
check "how many is told" says ': 3 files made' "$work/err"
check "progress is told" grep -qE '^taxi: 3 of 3, [0-9.]+ s$' "$work/err"
check "the second time nothing is made" take path --from "$files"
check "and that is told" says ': 0 files made (0.0 MB), 3 were there' "$work/err"
sed -i '7s/2019/2091/' "$work/path/$name-02.csv"
check "a file that changed is made again" take path --from "$files"
check "it is named" says "$name-02.csv: its checksum was wrong: made again" "$work/err"
check "the others were there" says ': 1 files made' "$work/err"
check "it is right again" same_months path 01 02 03
check "made-up ones take their place when asked for" take path --size 1m
check "and have no checksum of others beside" [ ! -e "$work/path/$name-01.csv.sha256" ]
check "one file is taken" take one --from "$files/$name-02.csv.gz"
check "and only that" [ "$(cd "$work/one" && echo ./*.csv)" = "./$name-02.csv" ]
check "the first months are taken" take two --from "$files" --months 2
check "and only those" [ "$(find "$work/two" -name '*.csv' | wc -l)" = 2 ]

# As pandas writes what was Parquet: more columns, others' order, 1.0 for 1, ends of lines, an empty line.
mkdir "$work/odd"
awk -F, -v OFS=, '{ $4 = $4 ~ /^[0-9]+$/ ? $4 ".0" : $4; print $18, $0, (NR > 1 ? "0.0" : "airport_fee\r") } NR == 1 { print "" }' \
    "$real/$name-04.csv" | sed '1s/^congestion_surcharge/other/' >"$work/odd/$name-04.csv"
check "files with more columns are taken" take odd.out --from "$work/odd"
check "as the usual ones" same_months odd.out 04
cut -d, -f1-17 "$real/$name-04.csv" >"$work/odd/$name-04.csv"
check "a column that is not there is an error" fails_with 1 "$prep" taxi --to "$work/odd.no" --from "$work/odd"
check "it is named" says "has no column 'congestion_surcharge'" "$work/err"
sed '9s/,/;/' "$real/$name-04.csv" >"$work/odd/$name-04.csv"
check "a line that is no trip is an error" fails_with 1 "$prep" taxi --to "$work/odd.no" --from "$work/odd"
check "it is named by its number" says "$name-04.csv', line 9: no trip" "$work/err"
head -c 5000 "$files/$name-01.csv.gz" >"$work/odd/$name-04.csv"
check "what is cut off is an error" fails_with 1 "$prep" taxi --to "$work/odd.no" --from "$work/odd"
check "and damaged is what it is called" says "$name-04.csv' is damaged" "$work/err"
check "no file is left of it" [ ! -e "$work/odd.no/$name-04.csv" ]
rm "$work/odd/$name-04.csv"
printf 'PAR1' >"$work/odd/$name-04.parquet"
check "Parquet alone is an error" fails_with 1 "$prep" taxi --to "$work/odd.no" --from "$work/odd"
check "that tells the way out" says "read_parquet" "$work/err"
cp "$files/$name-01.csv.gz" "$work/odd/"
check "Parquet beside CSV is left out" take odd.some --from "$work/odd"
check "and that is told" says "1 files are Parquet" "$work/err"
check "a folder that is not there is an error" fails_with 1 "$prep" taxi --to "$work/odd.no" --from "$work/nowhere"
check "that tells of clusters" says "octavo cp" "$work/err"
check "another name is an error" fails_with 1 "$prep" taxi --to "$work/odd.no" --from "$real/../trips.csv"
check "--from is for taxi" fails_with 2 "$prep" stocks --from "$files"
check "what is real has no seed" fails_with 2 "$prep" taxi --from "$files" --seed 7
check "thirteen months are too many" fails_with 2 "$prep" taxi --from "$files" --months 13

# --- by address ---

python3 "$server" "$files" "$work/port" "$work/log" &
serving=$!
trap 'kill $serving; rm -rf "$work"' EXIT
until [ -e "$work/port" ]; do sleep 0.05; done
address=http://127.0.0.1:$(cat "$work/port")/trips
how() { echo "$@" >"$files/.how"; : >"$work/log"; }
asked() { grep -cE "$1" "$work/log"; }
size=$(stat -c %s "$files/$name-01.csv.gz")

check "an address's months are taken" take net --from "$address" --months 3
check "they are what the address has" same_months net 01 02 03
check "each has its checksum beside, too" whole net
check "nothing else is left" nothing_half net
how well
check "the second time" take net --from "$address" --months 3
check "nothing is asked for" [ ! -s "$work/log" ]
echo >>"$work/net/$name-03.csv"
check "a file that changed is fetched again" take net --from "$address" --months 3
check "and only that" [ "$(cut -d' ' -f1 "$work/log")" = "$name-03.csv.gz" ]
check "it is named, too" says "$name-03.csv: its checksum was wrong" "$work/err"

how cut $((size / 3 + 1))
check "a connection that is cut is made again" take cut --from "$address" --months 1
check "for what is left" [ "$(cut -d' ' -f2,3 "$work/log" | tr '\n' ' ')" = \
    "- 200 bytes=$((size / 3 + 1))- 206 bytes=$((2 * (size / 3 + 1)))- 206 " ]
check "what comes together so is right" same_months cut 01

how cut 0
check "when nothing comes it is given up" fails_with 1 "$prep" taxi --to "$work/again" --from "$address" --months 1
check "after three times" [ "$(asked .)" = 3 ]
how hold 7000
"$prep" taxi --to "$work/again" --from "$address" --months 1 --quiet &
fetching=$!
part=$work/again/$name-01.csv.fetched.part
until [ "$(stat -c %s "$part" 2>/dev/null)" = 7000 ]; do sleep 0.02; done
check "who fetches what another fetches is told so" fails_with 1 "$prep" taxi --to "$work/again" --from "$address" --months 1
check "and by what" says "is being fetched by another program" "$work/err"
kill -9 $fetching
how well
check "what a killed program left is continued" take again --from "$address" --months 1
check "from where it ended" [ "$(cat "$work/log")" = "$name-01.csv.gz bytes=7000- 206" ]
check "and is right" same_months again 01

mkdir -p "$work/other"
cp "$work/again/prep.json" "$work/other/prep.json.part"
printf '"another"' >"$work/other/$name-01.csv.fetched.part.tag"
head -c 7000 /dev/urandom >"$work/other/$name-01.csv.fetched.part"
check "what is of another version is thrown away" take other --from "$address" --months 1
check "and all is fetched" same_months other 01
rm "$work/other/$name-01.csv"
cp "$files/$name-01.csv.gz" "$work/other/$name-01.csv.fetched.part"
printf '"%s"' "$(sha256sum "$files/$name-01.csv.gz" | cut -c1-16)" >"$work/other/$name-01.csv.fetched.part.tag"
check "a part that lacks only its name is no trouble" take other --from "$address" --months 1
check "and is right, too" same_months other 01

how plain
check "a server without ranges will do" take plain --from "$address" --months 1
check "as well" same_months plain 01
how busy
check "one that is busy is asked three times" fails_with 1 "$prep" taxi --to "$work/busy" --from "$address" --months 1
check "its status is told" says "status 503" "$work/err"
how well
check "a month that is not there is an error" fails_with 1 "$prep" taxi --to "$work/absent" --from "$address"
check "it is named with its address" says "2019-04.csv' answers with status 404" "$work/err"
check "nothing of it is left" nothing_half absent
check "months that were there stay" same_months absent 01
check "made-up ones do not take the place of what is not complete" fails_with 1 "$prep" taxi --to "$work/absent" --size 1m
check "and that is told" says "has some of the real data, from '$address'" "$work/err"
check "nothing was removed" same_months absent 01
cp "$real/$name-04.csv" "$files/"
check "a file that is not packed will do" take bare --from "$address/$name-04.csv"
check "just as well" same_months bare 04
kill -9 $serving
check "no server is an error" fails_with 1 "$prep" taxi --to "$work/dead" --from "$address" --months 1
check "its cause is told" says "cannot fetch '$address" "$work/err"
check "and the way out" says "is there a network?" "$work/err"
cp -r "$work/net" "$work/dead.net"
echo >>"$work/dead.net/$name-02.csv"
check "who cannot mend a file says so" fails_with 1 "$prep" taxi --to "$work/dead.net" --from "$address" --months 3
check "by its name" says "$name-02.csv' is not what its checksum says, and cannot be made again: cannot fetch" "$work/err"
check "and leaves it and what is said of all" [ -e "$work/dead.net/$name-02.csv" -a -e "$work/dead.net/prep.json" ]
check "no network is an error" fails_with 1 "$prep" taxi --to "$work/dead" --from http://octavo.invalid --months 1
check "the host is named" says "octavo.invalid" "$work/err"

# --- a full disk, on a file system of its own where that may be made ---

mkdir "$work/small"
if unshare -m true 2>/dev/null; then
    status=0
    # shellcheck disable=SC2016 # the inner shell's
    unshare -m bash -c 'mount -t tmpfs -o size=64k none "$1" || exit 77
        "$2" taxi --to "$1/taxi" --from "$3" --pool=threads:1 >/dev/null 2>"$4" && exit 1
        [ -z "$(find "$1/taxi" -name "*.csv")" ]' small "$work/small" "$prep" "$files/$name-01.csv.gz" "$work/err" || status=$?
    if [ $status = 77 ]; then
        echo "skip  a full disk: no file system may be mounted"
    else
        check "a full disk leaves no file" [ $status = 0 ]
        check "and is told" says "no space left for" "$work/err"
    fi
else
    echo "skip  a full disk: no namespace of mounts may be made"
fi

trap 'rm -rf "$work"' EXIT
finish
