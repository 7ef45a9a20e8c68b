#!/usr/bin/env bash
# Nodes, ranks, networks and disks that fail under a journalled program, on the real engine.
#
#   tests/faults/faults.sh [PATTERN]     only the cases whose name matches the regular expression
#
# Each case breaks one thing of a cluster of four nodes while tests/faults/job.c runs there, and
# expects what the undisturbed run printed, one line that names the node and the cause, and no
# task run again of which the program had the result. The last one breaks things at random for
# OCTAVO_CHAOS_SECONDS (60), the same ones in the same order for the same OCTAVO_CHAOS_SEED (1).
# shellcheck disable=SC2034,SC2154 # what lib.sh uses and counts
set -uo pipefail

here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
pattern=${1:-}
# shellcheck source=tests/e2e/lib.sh
. "$here/../e2e/lib.sh"
name=faults-$$
other=$name-b
nodes=4
tasks=1000
chaos_seconds=${OCTAVO_CHAOS_SECONDS:-60}
chaos_seed=${OCTAVO_CHAOS_SEED:-1}

clean_up() {
    local cluster
    for cluster in "$name" "$other"; do "$octavo" down "$cluster" --yes --quiet >/dev/null 2>&1; done
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

container() { echo "octavo-$name-$1"; }
now_ms() { date +%s%3N; }

# A look at the home that all nodes share, from beside them.
at_home() { docker run --rm -v "octavo-$name-home:/home/octavo" -w /home/octavo --entrypoint "$1" "$image" "${@:2}"; }

# start_job TASKS MILLISECONDS [OPTION...]: the job in the background, into ./out and ./err.
start_job() {
    at_home rm -f trace
    # (A shell without a terminal has its background jobs ignore SIGINT.)
    env --default-signal=INT "$octavo" run --name "$name" --fresh "${@:3}" "$here/job.c" trace "$1" "$2" >out 2>err </dev/null &
    job=$!
}

# started COUNT [NODE]: that many tasks have begun, as seen from a node other than NODE.
started() { [ "$(docker exec "$(container $(((${2:-0} + 1) % nodes)))" grep -c start trace)" -ge "$1" ]; }

# --- what breaks; each gets a node's number ---

kill_node() { docker kill "$(container "$1")"; }
pause_node() { docker pause "$(container "$1")"; }
stop_node() { docker exec "$(container "$1")" sh -c 'kill -STOP -1' || true; docker kill -s STOP "$(container "$1")"; }
cut_node() { docker network disconnect "octavo-$name" "$(container "$1")"; }
kill_rank() { docker exec "$(container "$1")" pkill -KILL -x job; }
stop_rank() { docker exec "$(container "$1")" pkill -STOP -x job; }
fill_node() { docker exec "$(container "$1")" sh -c 'cat /dev/zero >/dev/shm/full' 2>/dev/null || true; }
# Slurm takes a node that its controller reaches back into service, at a moment of its own: here at every one.
fill_node_that_slurm_takes_back() {
    docker exec -d "$(container 0)" sh -c "for i in \$(seq 60); do scontrol update nodename=$name-$1 state=resume; sleep 0.1; done"
    fill_node "$1"
}

# --- the cases ---

undisturbed() {
    try 0 "$octavo" up "$name" -n $nodes --image "$image"
    start_job $tasks 40
    wait $job
    is_empty err
    equal "$(wc -l <out)" $((tasks + 2))
    cp out "$work/wanted"
    at_home cat trace >trace
    python3 "$here/check.py" trace $tasks 0
    equal "$(at_home find .cache/octavo/journal -type f)" ""
}

# What is known when a fault is not noticed.
evidence() {
    cat err
    kill -0 $job && echo "the program still runs"
    wc -l out
    docker exec "$(container 1)" df /dev/shm
    docker logs --tail 12 "$(container 0)" 2>&1
}

# survives WHAT NODE CAUSE [OPTION...]: in the middle of the map, or of the futures.
survives() {
    local what=$1 node=$2 cause=$3 broken status=0
    [ -s "$work/wanted" ] || skip "there is no undisturbed run to compare with"
    "$octavo" heal "$name" --quiet
    start_job $tasks 40 "${@:4}"
    wait_for 180 started 100 "$node"
    broken=$(now_ms)
    "$what" "$node" >/dev/null
    (wait_for 180 grep -q "attempt 1 ended" err) || { evidence; fail "attempt 1 to end"; }
    echo "seen and ended after $(($(now_ms) - broken)) ms"
    wait $job || status=$?
    cat err
    equal "$status" 0
    cmp out "$work/wanted" || fail "the undisturbed run's output"
    grep -qE "^octavo: $name-$node: .*$cause.*; attempt 1 ended after" err || fail "a line with $name-$node and '$cause'"
    # (srun may add that the next attempt waits for the nodes of the last.)
    equal "$(grep -vcE '^srun: (job [0-9]+ (queued|has been allocated)|Required node not available)' err)" 2
    has err "that took 2 attempts"
    at_home cat trace >trace
    # What was under way on eight threads, and what had ended and not been recorded.
    python3 "$here/check.py" trace $tasks 24
}

a_killed_worker_is_replaced() { survives kill_node 2 'killed by signal 9'; }
a_killed_head_is_replaced() { survives kill_node 0 'killed by signal 9'; }
a_killed_rank_costs_its_attempt_only() {
    local before
    before=$(docker ps -q --filter "label=octavo.cluster=$name" | sort)
    survives kill_rank 1 'rank [0-9]+: killed by signal 9'
    equal "$(docker ps -q --filter "label=octavo.cluster=$name" | sort)" "$before"
}
a_frozen_rank_is_ended() { survives stop_rank 3 'rank [0-9]+: frozen'; }
a_paused_worker_is_replaced() { survives pause_node 1 'paused'; }
a_paused_head_is_replaced() { survives pause_node 0 'paused'; }
a_stopped_worker_is_replaced() { survives stop_node 3 'frozen'; }
a_stopped_head_is_replaced() { survives stop_node 0 'frozen'; }
a_worker_cut_off_is_replaced() { survives cut_node 2 'cut off'; }
a_head_cut_off_is_replaced() { survives cut_node 0 'cut off'; }
a_worker_with_a_full_disk_is_replaced() { survives fill_node_that_slurm_takes_back 1 'disk is full.*/dev/shm'; }
a_head_with_a_full_disk_is_replaced() { survives fill_node 0 'disk is full.*/dev/shm'; }

without_healing_the_rest_goes_on() {
    survives kill_node 3 'killed by signal 9' --no-heal
    equal "$(docker inspect -f '{{.State.Running}}' "$(container 3)")" false
    try 0 "$octavo" heal "$name"
}

a_run_that_was_cut_off_is_gone_on_with() {
    [ -s "$work/wanted" ] || skip "there is no undisturbed run to compare with"
    local status=0
    start_job $tasks 40
    wait_for 180 started 200
    kill -INT $job
    wait $job || status=$?
    equal "$status" 130
    try 0 "$octavo" run --name "$name" "$here/job.c" trace $tasks 40
    has err "going on with"
    cmp out "$work/wanted" || fail "the undisturbed run's output"
    at_home cat trace >trace
    python3 "$here/check.py" trace $tasks 24
}

a_task_that_kills_its_node_three_times_is_blamed_and_the_rest_goes_on() {
    try 0 "$octavo" run --name "$name" --fresh --json "$here/killer.c" 400
    equal "$(wc -l <out)" 400
    equal "$(grep -v lost out | awk '$2 != $1 * $1' | wc -l)" 0
    equal "$(grep lost out)" "13 lost"
    grep -qE "^3 nodes were lost while it ran on them: $name-1, $name-1, $name-1$" err || fail "the nodes' names"
    has err "that took 4 attempts"
    equal "$(grep -cE "^octavo: $name-1: .*; attempt [123] ended after" err)" 3
}

a_program_s_own_failure_is_not_repeated() {
    try 7 "$octavo" run --name "$name" -n 1 sh -c 'echo once; exit 7'
    equal "$(cat out)" once
    equal "$(grep -c . err)" 1
}

a_program_that_kills_itself_again_and_again_is_given_up() {
    try 137 "$octavo" run --name "$name" -n 1 sh -c 'kill -KILL $$'
    has err "attempt 3 ended"
    has err "giving up after three attempts"
    equal "$(grep -c . err)" 3
}

chaos() {
    [ -s "$work/wanted" ] || skip "there is no undisturbed run to compare with"
    local kinds=(kill_node pause_node stop_node cut_node kill_rank stop_rank fill_node) status=0 faults=0 tasks end kind node
    RANDOM=$chaos_seed
    tasks=$((chaos_seconds * 20))
    start_job "$tasks" 100 --times --json
    wait_for 180 started 10
    end=$((SECONDS + chaos_seconds))
    while [ $SECONDS -lt $end ] && kill -0 $job 2>/dev/null; do
        kind=${kinds[RANDOM % ${#kinds[@]}]}
        node=$((RANDOM % nodes))
        echo "$kind $node"
        "$kind" "$node" >/dev/null 2>&1 && faults=$((faults + 1))
        sleep $((5 + RANDOM % 5))
    done
    wait $job || status=$?
    cat err
    equal "$status" 0
    equal "$(sort -u out | wc -l)" $((tasks + 2))
    cp out disturbed
    start_job "$tasks" 1
    wait $job
    cmp out disturbed || fail "the undisturbed run's output"
}

for case in undisturbed a_killed_worker_is_replaced a_killed_head_is_replaced a_killed_rank_costs_its_attempt_only \
    a_frozen_rank_is_ended a_paused_worker_is_replaced a_paused_head_is_replaced a_stopped_worker_is_replaced \
    a_stopped_head_is_replaced a_worker_cut_off_is_replaced a_head_cut_off_is_replaced \
    a_worker_with_a_full_disk_is_replaced a_head_with_a_full_disk_is_replaced without_healing_the_rest_goes_on \
    a_run_that_was_cut_off_is_gone_on_with \
    a_task_that_kills_its_node_three_times_is_blamed_and_the_rest_goes_on \
    a_program_s_own_failure_is_not_repeated a_program_that_kills_itself_again_and_again_is_given_up chaos; do
    run_case $case
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
