#!/usr/bin/env bash
# Engines that are in trouble: each case starts a Docker Engine of its own, with a disk of a given
# size and a network namespace of its own, on this machine.
#
#   tests/engines/engines.sh [PATTERN]   only the cases whose name matches the regular expression
#
# The images come from the engine that is there.
# shellcheck disable=SC2034,SC2154 # what lib.sh uses and counts
set -uo pipefail

here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
root=$(cd "$here/../.." && pwd)
pattern=${1:-}
octavo=${OCTAVO_PROGRAM:-}
[ -n "$octavo" ] || octavo=${TEST_SRCDIR:+$TEST_SRCDIR/octavo/provision/cli/octavo}
[ -n "$octavo" ] || octavo=$root/bazel-bin/provision/cli/octavo
octavo=$(readlink -f "$octavo")
work=$(mktemp -d)
name=engines-$$
other=$name
image=${OCTAVO_TEST_IMAGE:-octavo/node:dev}
base=octavo/base:trixie
namespace=octavo-$$
engine=$work/engine
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
unset NO_COLOR DOCKER_HOST
# shellcheck source=tests/e2e/lib.sh
. "$here/../e2e/lib.sh"

own_docker() { DOCKER_HOST=unix://$engine/docker.sock docker "$@"; }
own() { DOCKER_HOST=unix://$engine/docker.sock "$octavo" "$@"; }

# run_engine [OPTION...]: again on the same disk. (ip netns exec would hide the control groups.)
run_engine() {
    nsenter --net="/run/netns/$namespace" dockerd --data-root "$engine/disk" --exec-root "$engine/run" --pidfile "$engine/pid" \
        --host "unix://$engine/docker.sock" "$@" >>"$work/dockerd.log" 2>&1 &
    echo $! >"$engine/own-pid"
    (wait_for 60 own_docker version) || { tail -n 20 "$work/dockerd.log"; exit 1; }
}

# start_engine SIZE [OPTION...]: with so much of a disk.
start_engine() {
    mkdir -p "$engine/disk"
    ip netns add "$namespace"
    ip -n "$namespace" link set lo up
    mount -t tmpfs -o "size=$1" octavo "$engine/disk"
    run_engine "${@:2}"
}

# What the engine's end leaves of its containers ends with it.
stop_engine() {
    local pid
    set +e
    pid=$(cat "$engine/own-pid")
    own_docker ps -q 2>/dev/null | xargs -r env "DOCKER_HOST=unix://$engine/docker.sock" docker kill >/dev/null 2>&1
    kill "$pid" 2>/dev/null && wait_for 60 gone "$pid"
    end_orphans
    umount "$engine/disk"
    ip netns delete "$namespace"
    rm -rf "$engine"
}

# Of an engine that was killed the containers are left, and their mounts.
end_orphans() {
    local shim mount
    for shim in $(pgrep -f "containerd-shim.*$engine/"); do
        pkill -KILL -P "$shim"
        kill -KILL "$shim"
    done
    for mount in $(awk -v at="$engine/disk/" 'index($2, at) == 1 { print $2 }' /proc/mounts | tac); do umount "$mount"; done
}

gone() { ! kill -0 "$1" 2>/dev/null; }

give_image() { docker save "$1" | own_docker load >/dev/null; }

with_engine() {
    trap stop_engine EXIT
    start_engine "$@"
}

# --- the cases ---

# Its nodes' addresses are in another network, so nothing that the nodes answer themselves is heard.
an_engine_whose_nodes_are_out_of_reach_is_served_by_execs() {
    with_engine 2g
    give_image "$image"
    try 0 own up "$name" -n 2 --image "$image"
    try 0 own status "$name" --json
    equal "$(json out '[n["state"] for n in d["nodes"]]')" "['idle', 'idle']"
    try 0 own run --name "$name" hostname
    equal "$(sort out | tr '\n' ' ')" "$name-0 $name-1 "
    try 0 own down "$name"
    equal "$(own_docker ps -aq; own_docker network ls -q --filter label=octavo.cluster)" ""
}

an_engine_that_dies_in_the_middle_of_up_is_told_and_up_goes_on_later() {
    local status=0 pid
    with_engine 2g
    give_image "$image"
    own up "$name" -n 4 --image "$image" >out 2>err </dev/null &
    pid=$!
    wait_for 20 created_any
    kill -KILL "$(cat "$engine/own-pid")"
    wait $pid || status=$?
    cat err
    equal "$status" 1
    has err "$engine/docker.sock"
    has err "hint:"
    # (Where nobody reaps orphans, the containerd that died with it seems to be alive.)
    rm -f "$engine/run/containerd/containerd.pid"
    run_engine
    try 0 own up "$name" -n 4 --image "$image"
    try 0 own run --name "$name" hostname
    equal "$(sort -u out | wc -l)" 4
    try 0 own down "$name"
    equal "$(own_docker ps -aq; own_docker volume ls -q; own_docker network ls -q --filter label=octavo.cluster)" ""
}

created_any() { [ -n "$(own_docker ps -aq --filter "label=octavo.cluster=$name")" ]; }

an_image_that_does_not_fit_on_the_disk_is_told_and_leaves_none() {
    with_engine 220m
    give_image "$base"
    cat /dev/zero >"$engine/disk/filler" 2>/dev/null || true
    OCTAVO_ROOT=$root try 1 own image build --image octavo/node:full
    has err "no space left on device"
    has err "hint: the engine's disk is full: free some, for instance with 'docker system prune'"
    equal "$(own_docker images -q octavo/node)" ""
    equal "$(own_docker ps -aq)" ""
}

nodes_that_do_not_fit_on_the_disk_are_told_and_leave_nothing() {
    with_engine 1g
    give_image "$image"
    cat /dev/zero >"$engine/disk/filler" 2>/dev/null || true
    try 1 own up "$name" -n 4 --image "$image"
    has err "hint: the engine's disk is full"
    try 0 own down "$name"
    rm "$engine/disk/filler"
    equal "$(own_docker ps -aq; own_docker volume ls -q; own_docker network ls -q --filter label=octavo.cluster)" ""
}

an_engine_without_a_free_range_of_addresses_is_told_and_has_nothing_left() {
    with_engine 1g --default-address-pool base=10.213.0.0/29,size=29
    give_image "$image"
    try 1 own up "$name" -n 2 --image "$image"
    has err "hint: the engine's address pools are used up"
    equal "$(own_docker ps -aq; own_docker volume ls -q; own_docker network ls -q --filter label=octavo.cluster)" ""
    # The hint's other way out.
    try 0 own up "$name" -n 2 --image "$image" --subnet 10.214.0.0/24
    try 0 own down "$name"
}

docker image inspect "$image" "$base" >/dev/null 2>&1 || {
    echo "error: the images '$image' and '$base' are not on this machine's engine" >&2
    exit 1
}
trap 'rm -rf "$work"' EXIT
for each in $(sed -n 's/^\(an*_[a-z_]*\|nodes_[a-z_]*\)() {$/\1/p' "${BASH_SOURCE[0]}"); do run_case "$each"; done
printf '\n%d passed, %d failed, %d skipped\n' $passed $failed $skipped
[ $failed -eq 0 ]
