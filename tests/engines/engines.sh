#!/usr/bin/env bash
# Engines in trouble, and engines of other kinds: each case starts one of its own on this machine,
# with a disk of a given size and in a network namespace of its own.
#
#   tests/engines/engines.sh [PATTERN]   only the cases whose name matches the regular expression
#
# The images come from the engine that is there.
# shellcheck disable=SC2034,SC2154 # what lib.sh uses and counts
set -uo pipefail

here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
pattern=${1:-}
# shellcheck source=tests/e2e/lib.sh
. "$here/../e2e/lib.sh"
name=engines-$$
other=$name
base=octavo/base:trixie
namespace=octavo-$$
user=octavo-$$
engine=$work/engine
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
unset DOCKER_HOST

own_docker() { DOCKER_HOST=unix://$engine/docker.sock docker "$@"; }
own() { DOCKER_HOST=unix://$engine/docker.sock "$octavo" "$@"; }

# serve COMMAND...: an engine that answers at our socket. (ip netns exec would hide the control groups.)
serve() {
    nsenter --net="/run/netns/$namespace" "$@" >>"$work/engine.log" 2>&1 &
    echo $! >"$engine/own-pid"
    (wait_for 60 own_docker version) || { tail -n 20 "$work/engine.log"; exit 1; }
}

# run_engine [OPTION...]: a Docker Engine; again on the same disk, too.
run_engine() {
    serve dockerd --data-root "$engine/disk" --exec-root "$engine/run" --pidfile "$engine/pid" \
        --host "unix://$engine/docker.sock" "$@"
}

# make_place SIZE: a disk and a network.
make_place() {
    trap stop_engine EXIT
    mkdir -p "$engine/disk"
    ip netns add "$namespace"
    ip -n "$namespace" link set lo up
    mount -t tmpfs -o "size=$1" octavo "$engine/disk"
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
    getent passwd "$user" >/dev/null && userdel "$user" 2>/dev/null
}

# Of an engine that was killed the containers are left, and their mounts; of Podman's execs, for
# five minutes, what watched them.
end_orphans() {
    local shim mount
    pkill -KILL -f "conmon.*$engine/"
    for shim in $(pgrep -f "containerd-shim.*$engine/"); do
        pkill -KILL -P "$shim"
        kill -KILL "$shim"
    done
    for mount in $(awk -v at="$engine/disk/" 'index($2, at) == 1 { print $2 }' /proc/mounts | tac); do umount "$mount"; done
}

gone() { ! kill -0 "$1" 2>/dev/null; }

give_image() { docker save "$1" | own_docker load >/dev/null; }

# with_engine SIZE [OPTION...]: a Docker Engine with so much of a disk.
with_engine() {
    make_place "$1"
    run_engine "${@:2}"
}

# What every engine must be able to do.
works() {
    give_image "$image"
    try 0 own up "$name" -n 2 --image "$image"
    try 0 own status "$name" --json
    equal "$(json out '[n["state"] for n in d["nodes"]]')" "['idle', 'idle']"
    try 0 own run --name "$name" hostname
    equal "$(sort out | tr '\n' ' ')" "$name-0 $name-1 "
    try 7 own exec --name "$name" --node 1 sh -c 'echo well; exit 7'
    equal "$(cat out)" well
    echo words >words
    try 0 own cp words "$name-1:there"
    try 0 own cp "$name-1:there" back
    equal "$(cat back)" words
    try 0 own logs --name "$name" --tail 1
    has out "$name-0 | "
    set +e
    own exec --name "$name" yes 2>err </dev/null | head -n 1 >out
    set -e
    wait_for 10 nobody_runs yes
    try 0 own down "$name"
    equal "$(own_docker ps -aq; own_docker volume ls -q; own_docker network ls -q --filter label=octavo.cluster)" ""
}

nobody_runs() { ! own exec --name "$name" --all pgrep -x "$1" >/dev/null; }

# --- the cases ---

# Its nodes' addresses are in another network, so nothing that the nodes answer themselves is heard.
an_engine_whose_nodes_are_out_of_reach_is_served_by_execs() {
    with_engine 2g
    works
}

an_engine_without_root_serves_as_well() {
    make_place 4g
    useradd --create-home --home-dir "$engine/home" "$user"
    chmod 711 "$work"
    chown "$user" "$engine" "$engine/disk"
    # A /dev/net/tun for everybody, as most machines have it.
    cat >"$engine/start" <<'START'
mount -t tmpfs tun /dev/net && mknod -m 666 /dev/net/tun c 10 200
exec setpriv --reuid "$1" --regid "$1" --init-groups env HOME="$2/home" XDG_RUNTIME_DIR="$2" \
    DOCKERD_ROOTLESS_ROOTLESSKIT_NET=slirp4netns PATH="$PATH:/usr/share/docker.io/contrib" \
    dockerd-rootless.sh --data-root "$2/disk" --storage-driver vfs --iptables=false
START
    serve unshare --mount sh "$engine/start" "$user" "$engine"
    works
}

an_engine_that_is_podman_serves_as_well() {
    make_place 4g
    # Without CAP_SYS_RESOURCE, as a machine for tests may be, it can raise no limit.
    cat >"$engine/containers.conf" <<'CONF'
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
CONF
    serve env "CONTAINERS_CONF=$engine/containers.conf" podman --root "$engine/disk" --runroot "$engine/run" \
        --network-config-dir "$engine/networks" system service --time 0 "unix://$engine/docker.sock"
    works
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
    # (Where a registry answered there is none; then one is made first, and does not fit either.)
    ! docker image inspect "$base" >/dev/null 2>&1 || give_image "$base"
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

# --- the image on its way to pods ---

# A small one, of this machine's engine, called $tiny.
make_tiny() {
    tiny=octavo-$$/tiny:1
    echo words >words
    tar -c words | docker import - "$tiny" >/dev/null
    trap 'docker rmi -f "$tiny" >/dev/null 2>&1; [ ! -s pid ] || kill "$(cat pid)"' EXIT
}

# start_registry USER PASSWORD: answers at 127.0.0.1:$port to nobody else.
start_registry() {
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    # shellcheck disable=SC2016 # $2 is awk's and crypt's
    python3 -W ignore -c 'import crypt, sys
print(sys.argv[1] + ":" + crypt.crypt(sys.argv[2], crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=16)))' "$1" "$2" >htpasswd
    cat >registry.yml <<REGISTRY
version: 0.1
storage: {filesystem: {rootdirectory: $PWD/registry}}
http: {addr: 127.0.0.1:$port}
auth: {htpasswd: {realm: octavo, path: $PWD/htpasswd}}
REGISTRY
    docker-registry serve registry.yml >registry.log 2>&1 &
    echo $! >pid
    wait_for 10 answers_at "$port"
}

answers_at() { (: <>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# log_in USER PASSWORD: what docker login would write.
log_in() {
    mkdir -p docker
    printf '{"auths": {"127.0.0.1:%s": {"auth": "%s"}}}' "$port" "$(printf '%s:%s' "$1" "$2" | base64 -w 0)" >docker/config.json
    export DOCKER_CONFIG=$PWD/docker
}

an_image_goes_to_a_registry_by_who_may_write_there() {
    make_tiny
    export DOCKER_CONFIG=$PWD/nobody
    start_registry me 'pa:ss word'
    local there=127.0.0.1:$port/octavo/tiny:2
    try 4 "$octavo" image push "$there" --image "$tiny"
    has err "hint: log in with 'docker login 127.0.0.1:$port'"
    log_in me wrong
    try 4 "$octavo" image push "$there" --image "$tiny"
    log_in me 'pa:ss word'
    try 0 "$octavo" image push "$there" --image "$tiny" --dry-run
    has err "would push $tiny as $there"
    try 0 "$octavo" image push "$there" --image "$tiny" --json
    equal "$(json out 'd["pushed"]')" "$there"
    [ -d registry/docker/registry/v2/repositories/octavo/tiny/_manifests/tags/2 ] || fail "the tag 2 in the registry"
    # The engine's own names are as before, and the password is nowhere.
    equal "$(docker images -q "$there")" ""
    ! grep -rq 'pa:ss' out err registry.log || fail "no password in what was said"
    kill "$(cat pid)"
    : >pid
    try 1 "$octavo" image push "$there" --image "$tiny"
    has err "hint: no registry answers at '127.0.0.1:$port' from the engine"
    try 3 "$octavo" image push "$there" --image octavo-$$/absent
    has err "octavo image build"
}

an_image_goes_into_containerd_and_nowhere_else() {
    make_tiny
    cat >containerd.toml <<CONTAINERD
version = 2
root = "$PWD/root"
state = "$PWD/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
address = "$PWD/containerd.sock"
CONTAINERD
    containerd --config containerd.toml >containerd.log 2>&1 &
    echo $! >pid
    export CONTAINERD_ADDRESS=$PWD/containerd.sock
    wait_for 10 ctr version
    try 0 "$octavo" image load containerd --image "$tiny"
    ctr --namespace k8s.io images list -q | grep -qx "docker.io/$tiny" || fail "$tiny in containerd"
    try 3 "$octavo" image load kind --image "$tiny"
    has err "'kind' is not on this machine"
    try 2 "$octavo" image load
    try 2 "$octavo" image load pods --image "$tiny"
    has err "hint: say kind, minikube or containerd"
    try 2 "$octavo" image load containerd main --image "$tiny"
    umount "$PWD"/root/* "$PWD"/state/* 2>/dev/null || true
}

docker image inspect "$image" >/dev/null 2>&1 || {
    echo "error: image '$image' is not on this machine's engine" >&2
    exit 1
}
trap 'rm -rf "$work"' EXIT
for each in $(sed -n 's/^\(an*_[a-z_]*\|nodes_[a-z_]*\)() {$/\1/p' "${BASH_SOURCE[0]}"); do run_case "$each"; done
printf '\n%d passed, %d failed, %d skipped\n' $passed $failed $skipped
[ $failed -eq 0 ]
