#!/usr/bin/env bash
# Drives the octavo program on a Slurm site, as its users do on a login node: a real one, which
# site.sh stands up on this machine.
#
#   OCTAVO_TEST_PREFIX=DIR tests/slurm/slurm.sh [PATTERN]    only the cases whose name matches
#
# DIR is what `octavo install --prefix DIR` made. Ends with "N passed, N failed, N skipped".
# shellcheck disable=SC2034 # lib.sh uses what is set here
set -uo pipefail

here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
pattern=${1:-}
# shellcheck source=tests/e2e/lib.sh
. "$here/../e2e/lib.sh"
prefix=${OCTAVO_TEST_PREFIX:?names no folder: make one with octavo install --prefix}
octavo=$prefix/bin/octavo
chmod 755 "$work"
name=site-$$
other=$name-b
nodes=8
on=slurm
# A home of its own, which all nodes of the site share since they are all here.
export HOME=$work/home PATH=$prefix/bin:$PATH
mkdir "$HOME"

clean_up() {
    local cluster
    for cluster in "$name" "$other"; do "$octavo" down "$cluster" --on slurm --yes --quiet >/dev/null 2>&1; done
    "$here/site.sh" down "$work/site"
    [ ! -d "$work/books" ] || "$here/site.sh" down "$work/books"
    [ ! -e "$work/has_containers" ] || "$octavo" down "$name" --on docker --yes --quiet >/dev/null 2>&1
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

up() { "$octavo" up "$name" --on slurm -n $nodes --time 30 "$@"; }
on_site() { "$octavo" run --on slurm --name "$name" "$@"; }
# Jobs that wait or run; those that are over are shown for a while still.
queue() { squeue -h -t PENDING,RUNNING "$@"; }
is_free() { [ -z "$(queue)" ]; }

# --- a pilot's life ---

a_dry_run_prints_a_script_that_makes_the_pilot() {
    try 0 "$octavo" up "$other" --on slurm -n 2 --time 10 --constraint small --dry-run
    equal "$(queue)" ""
    sh out 2>err || fail "it to run: $(cat err)"
    equal "$(queue -o %j,%D,%l)" "octavo-pilot-$other,2,10:00"
    try 0 "$octavo" up "$other" --on slurm -n 2 --time 10 --constraint small --json
    equal "$(json out 'len(d["nodes"])')" 2
    try 0 "$octavo" down "$other" --on slurm
    wait_for 20 is_free
}

up_waits_for_the_allocation_and_checks_mpi() {
    try 0 up --json
    equal "$(json out 'len(d["nodes"])')" $nodes
    equal "$(queue -o %j,%T)" "octavo-pilot-$name,RUNNING"
    try 0 up
}

status_counts_the_time_down() {
    try 0 "$octavo" status "$name" --on slurm
    grep -qE 'ends in 0:(30:00|29:)' out || fail "the time that is left in out"
}

hello() {
    cat <<'END'
#include <oct/oct.h>
#include <stdio.h>

OCT_TASK(int, twice, int, x)
{
    return 2 * x;
}

int main(int argc, char **argv)
{
    int in[100], out[100];
    oct_pool *pool = oct_pool_open(&argc, argv);
    for (int i = 0; i < 100; i++)
        in[i] = i;
    if (oct_map(pool, twice, in, 100, out) != OCT_OK)
        oct_die(NULL);
    printf("%d nodes, %d\n", oct_pool_nodes(pool), out[99]);
    oct_pool_close(pool);
}
END
}

run_compiles_on_the_login_node_and_reaches_every_node() {
    hello >hello.c
    try 0 on_site hello.c
    equal "$(cat out)" "$nodes nodes, 198"
}

two_programs_run_at_once() {
    local start=$SECONDS
    on_site -n 4 sleep 6 >/dev/null 2>first </dev/null &
    try 0 on_site -n 4 sleep 6
    wait $! || fail "the other to end well: $(cat first)"
    [ $((SECONDS - start)) -lt 12 ] || fail "them not to wait for each other"
}

a_program_gets_its_input_and_gives_its_status() {
    echo hello >in
    try_with_input 0 on_site -n 1 cat
    equal "$(cat out)" hello
    try 7 on_site -n 1 sh -c 'exit 7'
}

an_interrupted_program_ends_and_the_pilot_stays() {
    local status=0
    timeout --foreground -s INT 3 "$octavo" run --on slurm --name "$name" sleep 100 >out 2>err </dev/null &
    wait $! || status=$?
    cat err
    has err "the job is cancelled"
    equal "$(squeue -h -s -o %j | grep -c octavo-run)" 0
    try 0 on_site -n 1 true
}

exec_and_cp_reach_the_login_node_and_the_nodes() {
    try 0 "$octavo" exec --on slurm --name "$name" pwd
    equal "$(cat out)" "$HOME"
    # shellcheck disable=SC2016 # the node's shell expands it
    try 0 "$octavo" exec --on slurm --name "$name" --node 3 sh -c 'echo $SLURMD_NODENAME'
    equal "$(cat out)" site3
    echo content >file
    try 0 "$octavo" cp --on slurm --name "$name" file head:
    try 0 "$octavo" cp --on slurm --name "$name" head:file back
    equal "$(cat back)" content
}

the_first_lesson_runs_unchanged() {
    try 0 on_site 01-map
    has err "both results are the same"
}

an_allocation_keeps_its_size() {
    try 1 "$octavo" scale 1 "$name" --on slurm
    has err "keeps its size"
    has err "hint:"
}

logs_are_the_sites_own() {
    try 1 "$octavo" logs --on slurm --name "$name"
    has err "hint:"
}

a_missing_cluster_is_named_with_those_there_are() {
    try 3 "$octavo" status no-such --on slurm
    has err "hint:"
    has err "$name"
}

done_tasks() { [ "$(grep -c '^done' trace)" -ge "$1" ]; }

nodes_that_are_lost_the_first_too_are_left_out_and_no_result_is_computed_twice() {
    try 0 on_site -n 2 --fresh "$here/../faults/job.c" "$PWD/first" 400 1
    mv out wanted
    on_site --fresh "$here/../faults/job.c" "$PWD/trace" 400 160 >out 2>err </dev/null &
    local job=$! status=0 node
    wait_for 30 done_tasks 110
    "$here/site.sh" lose "$work/site" site2
    wait_for 30 done_tasks 260
    "$here/site.sh" lose "$work/site" site0
    wait $job || status=$?
    cat err
    equal "$status" 0
    cmp out wanted || fail "the undisturbed run's output"
    grep -q "^octavo: site2: lost power; attempt 1 ended after [0-9.]* s: going on without it$" err ||
        fail "a line with the node and the attempt"
    grep -q "^octavo: site0: lost power; attempt 2 ended after [0-9.]* s: going on without it$" err ||
        fail "a line with the first node and the attempt"
    has_not err "unexpectedly disconnected" # each rank that is left would say so, in fifteen lines
    equal "$(awk '/^done/ { done[$2] = 1 } /^start/ && done[$2]' trace)" ""
    equal "$(grep -c '^done' trace | awk '{ print ($1 >= 400) }')" 1
    try 0 "$octavo" status "$name" --on slurm --json
    equal "$(json out 'len(d["nodes"])')" $((nodes - 2))
    # shellcheck disable=SC2016 # the node's shell expands it
    try 0 on_site sh -c 'echo $SLURMD_NODENAME'
    equal "$(sort -u out | grep -vc 'site[02]')" $((nodes - 2))
    has err "has lost 2 of its $nodes nodes"
    for node in site0 site2; do "$here/site.sh" return "$work/site" $node; done
}

down_ends_the_pilot_and_only_it() {
    sbatch -p short -n 1 --job-name=not-ours -o /dev/null --wrap 'sleep 60' >/dev/null
    try 0 "$octavo" down "$name" --on slurm
    equal "$(queue -o %j)" not-ours
    scancel -u "$(id -un)"
    wait_for 20 is_free
    try 0 "$octavo" down "$name" --on slurm
}

# --- what a site says no to ---

a_partition_that_is_not_there() {
    try 1 "$octavo" up "$other" --on slurm -n 1 --partition nope
    has err "artition"
    has err "sinfo -s"
    equal "$(queue)" ""
}

# In one pilot, as each costs seconds: only one of the partitions has two nodes.
constraints_and_several_partitions_choose_the_nodes() {
    try 0 "$octavo" up "$other" --on slurm -n 2 --partition short,batch --constraint '[rack0*1&rack1*1]' --json
    json out '" ".join(n["name"] for n in d["nodes"])' >given
    grep -q 'site[0246]' given && grep -q 'site[1357]' given || fail "a node of each rack, not $(cat given)"
    equal "$(queue -o %P)" batch
    try 0 "$octavo" down "$other" --on slurm
    wait_for 20 is_free
}

features_that_no_node_has() {
    try 1 "$octavo" up "$other" --on slurm -n 1 --constraint gpu
    has err "hint:"
    equal "$(queue)" ""
}

more_nodes_than_the_partition_ever_has() {
    try 1 "$octavo" up "$other" --on slurm -n 2 --partition short
    has err "hint:"
    wait_for 20 is_free
}

a_queue_that_is_too_long_is_told_and_left() {
    sbatch -N $nodes --exclusive -o /dev/null --wrap 'sleep 100' >/dev/null
    try 5 "$octavo" up "$other" --on slurm -n 2 --timeout 4
    has err "did not start within 4 s"
    has err "hint:"
    equal "$(queue -o %j | grep -c octavo-pilot)" 0
    scancel -u "$(id -un)"
    wait_for 20 is_free
}

the_end_of_the_allocation_is_told_before() {
    try 0 "$octavo" up "$other" --on slurm -n 1 --time 2
    try 0 "$octavo" run --on slurm --name "$other" true
    equal "$(queue -o %l)" 2:00
    local left
    left=$(sed -nE 's/^.* is over in ([0-9]+) min ([0-9]+) s, and what runs then ends$/\1 * 60 + \2/p' err)
    [ -n "$left" ] || fail "a warning with the time left"
    [ $((left)) -gt 60 ] && [ $((left)) -le 120 ] || fail "a time between 1 and 2 minutes, not $left s"
    try 0 "$octavo" down "$other" --on slurm
    wait_for 20 is_free
}

a_revoked_allocation_ends_the_program_and_the_next_one_goes_on() {
    local job="$here/../faults/job.c" status=0 before
    try 0 "$octavo" up "$other" --on slurm -n 2 --time 5
    "$octavo" run --on slurm --name "$other" --fresh "$job" "$PWD/trace" 200 40 >out 2>err </dev/null &
    local program=$!
    wait_for 30 done_tasks 60
    scancel -n "octavo-pilot-$other"
    wait $program || status=$?
    cat err
    equal $status 1
    has err "the allocation of '$other' is over"
    has err "hint:"
    try 3 "$octavo" status "$other" --on slurm
    before=$(grep -c '^done' trace)
    wait_for 20 is_free
    try 0 "$octavo" up "$other" --on slurm -n 2 --time 5
    try 0 "$octavo" run --on slurm --name "$other" "$job" "$PWD/trace" 200 40
    equal "$(awk '/^done/ { done[$2] = 1 } /^start/ && done[$2]' trace)" ""
    [ "$before" -lt 200 ] || fail "the first to have been cut off"
    equal "$(awk '/^done/ { print $2 }' trace | sort -u | wc -l)" 200
    try 0 "$octavo" down "$other" --on slurm
    wait_for 20 is_free
}

a_controller_that_does_not_answer() {
    "$here/site.sh" stop-controller "$work/site"
    try 1 "$octavo" status --on slurm
    has err "scontrol ping"
    "$here/site.sh" start-controller "$work/site"
    try 3 "$octavo" status no-such --on slurm
}

an_exercise_is_checked_on_the_site() {
    try 0 "$octavo" up "$other" --on slurm -n 2 --time 5
    tells_answers_apart "$prefix/share/octavo/examples/01-map"
    try 0 "$octavo" down "$other" --on slurm
}

every_lesson_runs_unchanged() {
    try 0 "$octavo" up "$other" --on slurm -n 2 --time 10
    every_lesson_agrees "$other" "$prefix/share/octavo/examples"
    try 0 "$octavo" down "$other" --on slurm
}

# --- a site that keeps books ---

# Another site, whose accounts bind (see keep_books in site.sh): stood up for the first case that goes there.
to_books() {
    [ -e "$work/books/exports" ] || {
        mkdir "$work/books"
        OCTAVO_SITE_PORT=27817 OCTAVO_SITE_ACCOUNTS=1 "$here/site.sh" up "$work/books" 2 >exports ||
            fail "a site that keeps books: $(tail -qn 3 "$work"/books/*.out)"
        mv exports "$work/books/exports"
    }
    # shellcheck source=/dev/null
    . "$work/books/exports"
}

an_account_or_quality_of_service_of_others_is_refused() {
    local account
    to_books
    for account in no-such chemistry; do
        try 1 "$octavo" up "$other" --on slurm -n 2 --time 5 --account $account
        has err "nvalid account"
        has err "sacctmgr show associations"
    done
    try 1 "$octavo" up "$other" --on slurm -n 2 --time 5 --account small --qos urgent
    has err "choose one with --qos"
    equal "$(queue)" ""
}

a_pilot_beyond_what_the_account_may_have_is_refused() {
    to_books
    try 1 "$octavo" up "$other" --on slurm -n 2 --time 5 --account small
    has err "account"
    has err "hint:"
    wait_for 20 is_free
}

booked() { sacct -n -P -o jobname,account,qos,state -S now-10minutes >"booked" && grep -q "$1" booked; }

what_a_pilot_ran_is_booked_on_its_account() {
    to_books
    try 0 "$octavo" up "$other" --on slurm -n 2 --time 5 --account physics --qos urgent
    try 0 "$octavo" run --on slurm --name "$other" hostname
    try 0 "$octavo" down "$other" --on slurm
    wait_for 10 booked "^octavo-pilot-$other|physics|urgent|CANCELLED"
    wait_for 10 booked "^octavo-run-[0-9a-f]*|physics|[a-z]*|COMPLETED"
}

# --- another Slurm ---

# A folder with octavo and all that it is linked with, which runs whatever the system has.
pack_octavo() {
    mkdir -p "$1/lib"
    cp -L "$octavo" "$1/lib/"
    ldd "$octavo" | grep -o '/[^ ]*' | xargs cp -Lt "$1/lib/"
    # shellcheck disable=SC2016 # the login node's shell expands it
    printf '#!/bin/sh\nlib=${0%%/*}/lib\nexec "$lib"/ld-linux*.so.* --library-path "$lib" "$lib/octavo" "$@"\n' >"$1/octavo"
    chmod 755 "$1/octavo"
}

# A cluster of containers is a site as well, its head the login node, and the image's Slurm is not this machine's.
a_pilot_runs_in_the_images_slurm() {
    docker image inspect "$image" >/dev/null 2>&1 || skip "the Docker Engine has no image $image, or does not answer"
    : >"$work/has_containers"
    try 0 "$octavo" up "$name" --on docker -n 3 --image "$image"
    on_login() { "$octavo" exec --on docker --name "$name" sh -c "PATH=\$HOME/site:\$PATH; cd; $*"; }
    pack_octavo site
    hello >site/hello.c
    tar -C site -c . >in
    try_with_input 0 on_login 'mkdir site && tar -x -C site && srun --version'
    try 0 on_login octavo up pilot --on slurm -n 2 --time 5 --json
    equal "$(json out 'len(d["nodes"])')" 2
    try 0 on_login octavo run --on slurm --name pilot site/hello.c
    equal "$(cat out)" "2 nodes, 198"
    try 7 on_login octavo run --on slurm --name pilot -n 1 sh -c "'exit 7'"
    try 0 on_login octavo down pilot --on slurm
    try 0 on_login squeue -h -t PENDING,RUNNING
    is_empty out
    try 0 "$octavo" down "$name" --on docker
}

if ! "$here/site.sh" up "$work/site" $nodes >"$work/exports"; then
    printf '\n0 passed, 1 failed, 0 skipped\n'
    exit 1
fi
# shellcheck source=/dev/null
. "$work/exports"
# Every function above is a case, in the order of the file; the pilot of the first serves the others.
for each in $(sed -n 's/^\([a-z_]*\)() {$/\1/p' "${BASH_SOURCE[0]}"); do
    case $each in clean_up | hello | done_tasks | to_books | booked | pack_octavo) continue ;; esac
    run_case "$each"
done
# shellcheck disable=SC2154 # counted in lib.sh
printf '\n%d passed, %d failed, %d skipped\n' $passed $failed $skipped
[ $failed -eq 0 ]
