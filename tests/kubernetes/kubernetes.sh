#!/usr/bin/env bash
# Drives the octavo program on a Kubernetes, as its users do: on a real one that `engine` stands up
# on this machine, or on the one that OCTAVO_TEST_KUBECONFIG names (then without the cases that
# break it).
#
#   tests/kubernetes/kubernetes.sh [PATTERN]    only the cases whose name matches
#
# Ends with "N passed, N failed, N skipped".
# shellcheck disable=SC2034,SC2154 # lib.sh uses what is set here
set -uo pipefail

here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
pattern=${1:-}
# shellcheck source=tests/e2e/lib.sh
. "$here/../e2e/lib.sh"
name=kube-$$
other=$name-b
nodes=4
on=kubernetes
own=

engine() { OCTAVO_KUBE_DIR=$work/engine "$here/engine" "$@"; }

clean_up() {
    local cluster
    for cluster in "$name" "$other"; do "$octavo" down "$cluster" --on kubernetes --yes --quiet >/dev/null 2>&1; done
    [ -z "$own" ] || engine stop
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

if [ -n "${OCTAVO_TEST_KUBECONFIG:-}" ]; then
    export KUBECONFIG=$OCTAVO_TEST_KUBECONFIG
else
    own=1
    KUBECONFIG=$(engine start "$image") || exit 1
    export KUBECONFIG
fi

up() { "$octavo" up "$name" --on kubernetes -n $nodes --image "$image" "$@"; }
on_cluster() { "$octavo" run --on kubernetes --name "$name" "$@"; }
ours() { [ -n "$own" ] || skip "this Kubernetes is not ours to break"; }
server() { sed -n 's/.*server: *//p' "$KUBECONFIG" | head -n 1; }

# api PATH [CURL OPTION...]: the engine's own API, as its administrator.
api() { curl -fsS -m 10 --cacert "$work/engine/ca.pem" -H 'Authorization: Bearer admin-token' "$(server)$1" "${@:2}"; }
post() { api "$1" -H 'Content-Type: application/json' -d "$2" >/dev/null; }

# What the namespace has of a cluster.
objects_of() {
    local path
    for path in apis/apps/v1/namespaces/default/statefulsets api/v1/namespaces/default/pods \
        api/v1/namespaces/default/secrets api/v1/namespaces/default/services \
        api/v1/namespaces/default/persistentvolumeclaims apis/networking.k8s.io/v1/namespaces/default/networkpolicies; do
        api "/$path?labelSelector=octavo.cluster%3D$1" |
            python3 -c 'import json,sys; [print(i["metadata"]["name"]) for i in json.load(sys.stdin)["items"]]'
    done
}

# --- a cluster's life ---

a_dry_run_prints_the_objects_and_makes_none() {
    try 0 up --dry-run
    has out "kind: StatefulSet"
    [ -z "$own" ] || equal "$(objects_of "$name")" ""
    try 3 "$octavo" status "$name" --on kubernetes
}

what_kubectl_applied_is_finished_by_up_and_removed_by_down() {
    command -v kubectl >/dev/null || skip "no kubectl"
    "$octavo" up "$other" --on kubernetes -n 2 --image "$image" --dry-run >objects.yaml
    try 0 kubectl apply -f objects.yaml
    try 0 "$octavo" status "$other" --on kubernetes
    has err "'octavo up $other'"
    try 0 "$octavo" up "$other" --on kubernetes -n 2 --image "$image"
    try 0 "$octavo" run --on kubernetes --name "$other" hostname
    equal "$(sort -u out | wc -l)" 2
    kubectl apply -f objects.yaml | sort -u >again
    equal "$(grep -cv unchanged again)" 0
    try 0 "$octavo" down "$other" --on kubernetes
}

up_makes_pods_that_can_work() {
    try 0 up --json
    equal "$(json out 'len(d["nodes"])')" $nodes
    try 0 up
    try 0 "$octavo" status "$name" --on kubernetes --json
    equal "$(json out 'sorted(n["state"] for n in d["nodes"])')" "['idle', 'idle', 'idle', 'idle']"
}

run_reaches_every_pod() {
    try 0 on_cluster hostname
    equal "$(sort out | tr '\n' ' ')" "$name-0 $name-1 $name-2 $name-3 "
}

a_program_is_compiled_on_the_head_and_copied_to_every_pod() {
    cat >hello.c <<'C'
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
C
    try 0 on_cluster hello.c
    equal "$(cat out)" "$nodes nodes, 198"
}

a_program_gets_its_input_and_gives_its_status() {
    seq 1 100000 >in
    try_with_input 0 on_cluster -n 1 cat
    cmp in out || fail "its input back"
    try 7 on_cluster -n 1 sh -c 'exit 7'
    try 139 on_cluster -n 1 sh -c 'kill -SEGV $$'
    has err "signal 11"
}

an_interrupted_program_ends_and_the_pods_stay() {
    local status=0
    timeout --foreground -s INT 3 "$octavo" run --on kubernetes --name "$name" sleep 100 >out 2>err </dev/null &
    wait $! || status=$?
    cat err
    has err "the job is cancelled"
    try 0 on_cluster -n 1 true
}

exec_shell_cp_and_logs_reach_the_pods() {
    try 7 "$octavo" exec --on kubernetes --name "$name" --node 2 sh -c 'hostname; echo bad >&2; exit 7'
    equal "$(cat out)" "$name-2"
    equal "$(cat err)" bad
    mkdir tree
    seq 1 200000 >tree/many
    try 0 "$octavo" cp --on kubernetes tree "$name-1:tree"
    try 0 "$octavo" cp --on kubernetes "$name-1:tree" back
    cmp tree/many back/many || fail "the same bytes"
    in_terminal 3 'await $ |tty; hostname\r|await kube-|exit 3\r' "$octavo" shell --on kubernetes --name "$name" 1
    has screen /dev/pts/
    try 0 "$octavo" logs --on kubernetes --name "$name" --tail 2
    has out "$name-3 | "
}

two_clusters_share_a_namespace() {
    try 0 "$octavo" up "$other" --on kubernetes -n 1 --image "$image"
    try 0 "$octavo" run --on kubernetes --name "$other" hostname
    equal "$(cat out)" "$other-0"
    try 0 "$octavo" down "$other" --on kubernetes
    try 0 on_cluster -n 1 true
}

a_pod_that_was_deleted_comes_back_and_works() {
    ours
    api "/api/v1/namespaces/default/pods/$name-2" -X DELETE >/dev/null
    try 0 up
    try 0 on_cluster hostname
    equal "$(sort -u out | wc -l)" $nodes
}

names_of() { "$octavo" status "$1" --on kubernetes --json | python3 -c 'import json,sys; print(*[n["name"] for n in json.load(sys.stdin)["nodes"] if n["state"] == "idle"])'; }

pods_are_added_and_leave() {
    try 0 "$octavo" scale $((nodes + 1)) "$name" --on kubernetes
    has err "$name-$nodes joined"
    try 0 on_cluster hostname
    equal "$(sort -u out | wc -l)" $((nodes + 1))
    try 0 "$octavo" scale $nodes "$name" --on kubernetes --json
    equal "$(json out 'd["removed"]')" "['$name-$nodes']"
    equal "$(names_of "$name")" "$name-0 $name-1 $name-2 $name-3"
    try 0 up
}

begun() { [ "$("$octavo" exec --on kubernetes --name "$name" cat trace | grep -c 'done')" -ge "$1" ]; }

# costs_one_attempt CALL...: what that call does to a pod in the middle of a job ends one attempt, and no more.
# Each pod has a home of its own: what rank 0 traced is all that is looked at.
costs_one_attempt() {
    local job status=0
    try 0 "$octavo" exec --on kubernetes --name "$name" rm -f trace
    "$octavo" run --on kubernetes --name "$name" --fresh "$here/../faults/job.c" trace 400 80 >out 2>err </dev/null &
    job=$!
    wait_for 60 begun 100
    "$@"
    wait $job || status=$?
    cat err
    equal "$status" 0
    cmp out "$work/undisturbed" || fail "the undisturbed run's output"
    grep -qE "^octavo: $name-2: .*; attempt 1 ended after" err || fail "a line with the pod and the attempt"
    has err "that took 2 attempts; 1 node was replaced"
}

undisturbed() {
    [ -e "$work/undisturbed" ] && return
    try 0 on_cluster --fresh "$here/../faults/job.c" trace 400 1
    cp out "$work/undisturbed"
}

kill_pod() { api "/api/v1/namespaces/default/pods/$1" -X DELETE -H 'Content-Type: application/json' -d '{"gracePeriodSeconds": 0}' >/dev/null; }

evict_pod() {
    post "/api/v1/namespaces/default/pods/$name-2/eviction" \
        '{"apiVersion": "policy/v1beta1", "kind": "Eviction", "metadata": {"name": "'"$name"'-2"}}'
}

a_pod_that_is_killed_costs_one_attempt_and_no_result() {
    ours
    undisturbed
    costs_one_attempt kill_pod "$name-2"
}

a_pod_that_is_evicted_costs_one_attempt() {
    ours
    undisturbed
    costs_one_attempt evict_pod
}

# Twice: the controller that was killed while it waited for the first takes up that job again.
a_pod_that_hangs_costs_one_attempt_each_time() {
    ours
    undisturbed
    costs_one_attempt engine signal "$name-2" STOP
    has err "it is frozen or cut off"
    costs_one_attempt engine signal "$name-2" STOP
    equal "$("$octavo" status "$name" --on kubernetes --json | python3 -c 'import json,sys; print([j["name"] for j in json.load(sys.stdin).get("jobs", []) if j["state"] == "RUNNING"])')" "[]"
}

a_pod_that_is_cut_off_costs_one_attempt() {
    ours
    undisturbed
    costs_one_attempt engine cut "$name-2"
    has err "cut off"
}

a_pod_with_a_full_disk_costs_one_attempt() {
    ours
    undisturbed
    costs_one_attempt engine fill "$name-2"
    has err "its disk is full: no room is left in /dev/shm"
}

a_lost_head_without_a_lasting_home_is_told() {
    ours
    "$octavo" up "$other" --on kubernetes -n 2 --image "$image" --quiet || fail up
    "$octavo" run --on kubernetes --name "$other" -- sh -c 'echo begun; sleep 60' >out 2>err </dev/null &
    local job=$! status=0
    wait_for 30 grep -q begun out
    kill_pod "$other-0"
    wait $job || status=$?
    cat err
    equal $status 1
    has err "the program's folder went with it"
    has err "storage_class"
    try 0 "$octavo" down "$other" --on kubernetes
}

an_api_server_that_restarts_in_the_middle_of_up_is_waited_for() {
    ours
    "$octavo" up "$other" --on kubernetes -n 3 --image "$image" >out 2>err </dev/null &
    local pid=$! status=0
    sleep 0.7
    engine restart apiserver
    wait $pid || status=$?
    cat err
    equal $status 0
    try 0 "$octavo" run --on kubernetes --name "$other" hostname
    equal "$(sort -u out | wc -l)" 3
    try 0 "$octavo" down "$other" --on kubernetes
}

down_leaves_nothing() {
    try 0 "$octavo" down "$name" --on kubernetes
    [ -z "$own" ] || wait_for 30 nothing_of "$name"
    try 0 "$octavo" down "$name" --on kubernetes
    has err "nothing to remove"
}

nothing_of() { [ -z "$(objects_of "$1")" ]; }

# --- who may not, and what cannot be ---

wrong_credentials_are_told() {
    ours
    KUBECONFIG=$work/engine/wrong.kubeconfig try 4 "$octavo" up "$other" --on kubernetes
    has err "hint:"
}

a_missing_right_is_named_with_the_role_that_grants_it() {
    ours
    KUBECONFIG=$work/engine/nobody.kubeconfig try 4 "$octavo" up "$other" --on kubernetes -n 1 --image "$image"
    has err "k8s/role.yaml"
}

the_role_is_enough_for_everything() {
    ours
    api /apis/rbac.authorization.k8s.io/v1/namespaces/default/roles -H 'Content-Type: application/yaml' \
        --data-binary @"$root/k8s/role.yaml" >/dev/null
    post /apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings '{"metadata": {"name": "octavo"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "octavo"},
        "subjects": [{"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "octavo-user"}]}'
    export KUBECONFIG=$work/engine/user.kubeconfig
    try 0 "$octavo" up "$other" --on kubernetes -n 2 --image "$image"
    try 0 "$octavo" status "$other" --on kubernetes
    try 0 "$octavo" run --on kubernetes --name "$other" hostname
    try 0 "$octavo" exec --on kubernetes --name "$other" true
    try 0 "$octavo" logs --on kubernetes --name "$other" --tail 1
    try 0 "$octavo" heal "$other" --on kubernetes
    try 0 "$octavo" down "$other" --on kubernetes
}

a_server_that_does_not_answer_is_told_within_seconds() {
    ours
    sed "s#server: .*#server: https://127.0.0.1:1#" "$KUBECONFIG" >config
    KUBECONFIG=config try 1 "$octavo" status --on kubernetes
    has err "nobody answers at https://127.0.0.1:1"
}

# It takes calls, and then says nothing.
a_server_that_is_too_slow_is_told() {
    ours
    python3 -c 'import socket, time
s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1], flush=True); time.sleep(60)' >port &
    local silent=$!
    wait_for 10 test -s port
    sed "s#server: .*#server: https://127.0.0.1:$(cat port)#" "$KUBECONFIG" >config
    KUBECONFIG=config try 5 "$octavo" status --on kubernetes
    kill $silent
    has err "did not answer in time"
    has err "hint:"
}

an_untrusted_certificate_is_refused() {
    ours
    openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=other -keyout key -out other.pem 2>/dev/null
    sed "s#certificate-authority: .*#certificate-authority: $PWD/other.pem#" "$KUBECONFIG" >config
    KUBECONFIG=config try 4 "$octavo" status --on kubernetes
    has err "TLS"
    has err "hint:"
}

no_kubeconfig_is_told() {
    KUBECONFIG=/nonexistent try 3 "$octavo" status --on kubernetes
    has err "hint:"
}

an_image_that_cannot_be_had_is_told_and_down_removes_it() {
    try 3 "$octavo" up "$other" --on kubernetes -n 1 --image octavo/none:dev --timeout 15
    has err "octavo/none:dev"
    has err "hint:"
    try 0 "$octavo" down "$other" --on kubernetes
}

pods_that_fit_nowhere_are_told_why() {
    try 1 "$octavo" up "$other" --on kubernetes -n 1 --image "$image" --cpus 1000 --timeout 10
    has err "Insufficient cpu"
    try 0 "$octavo" down "$other" --on kubernetes
}

a_quota_that_is_used_up_is_told() {
    ours
    post /api/v1/namespaces '{"metadata": {"name": "tight"}}'
    post /api/v1/namespaces/tight/resourcequotas '{"metadata": {"name": "tight"}, "spec": {"hard": {"pods": "1"}}}'
    try 1 "$octavo" up "$other" --on kubernetes --namespace tight -n 3 --image "$image" --timeout 15
    has err "quota"
    has err "hint:"
    try 0 "$octavo" down "$other" --on kubernetes --namespace tight
    api /api/v1/namespaces/tight -X DELETE >/dev/null
}

a_namespace_that_is_being_deleted_is_told() {
    ours
    post /api/v1/namespaces '{"metadata": {"name": "leaving"}}'
    post /api/v1/namespaces/leaving/configmaps '{"metadata": {"name": "stays", "finalizers": ["octavo.test/stays"]}}'
    api /api/v1/namespaces/leaving -X DELETE >/dev/null
    try 1 "$octavo" up "$other" --on kubernetes --namespace leaving -n 1 --image "$image"
    has err "being terminated"
    has err "hint:"
    api /api/v1/namespaces/leaving/configmaps/stays -X PATCH -H 'Content-Type: application/merge-patch+json' \
        -d '{"metadata": {"finalizers": []}}' >/dev/null
}

a_namespace_that_is_not_there_is_told() {
    try 3 "$octavo" up "$other" --on kubernetes --namespace nowhere -n 1 --image "$image"
    has err "nowhere"
    has err "hint:"
}

a_lesson_reads_data_that_each_pod_has_for_itself() {
    export OCTAVO_ROOT=$root
    try 0 env -u OCTAVO_ROOT "$octavo" up "$other" --on kubernetes -n 2 --image "$image"
    try 0 "$octavo" prep --on kubernetes --name "$other" taxi --size 3m
    try 0 "$octavo" run --on kubernetes --name "$other" 07-taxi-futures
    has err "both results are the same"
    try 0 "$octavo" exec --on kubernetes --name "$other" --node 1 -- rm -r data/taxi
    try 1 "$octavo" run --on kubernetes --name "$other" 07-taxi-futures
    has err "the head has the data set 'taxi', and another node has not"
    has err "on $other-1"
    has err "octavo prep taxi"
}

every_lesson_runs_unchanged() {
    export OCTAVO_ROOT=$root
    try 0 env -u OCTAVO_ROOT "$octavo" up "$other" --on kubernetes -n 2 --image "$image"
    every_lesson_agrees "$other" "$root/examples"
}

an_exercise_is_checked_in_the_pods() {
    local kit=${TEST_SRCDIR:+$TEST_SRCDIR/octavo/provision/exercise/kit.tar}
    mkdir kit
    tar -xf "${kit:-$root/bazel-bin/provision/exercise/kit.tar}" -C kit
    export OCTAVO_ROOT=$root OCTAVO_KIT=$PWD/kit XDG_CACHE_HOME=$PWD/cache
    try 0 env -u OCTAVO_ROOT "$octavo" up "$other" --on kubernetes -n 2 --image "$image"
    tells_answers_apart "$root/examples/01-map"
    try 0 "$octavo" down "$other" --on kubernetes
}

for each in $(sed -n 's/^\([a-z_]*\)() {$/\1/p' "${BASH_SOURCE[0]}"); do
    case $each in clean_up | objects_of | names_of | costs_one_attempt | undisturbed | evict_pod) continue ;; esac
    run_case "$each"
done
printf '\n%d passed, %d failed, %d skipped\n' $passed $failed $skipped
[ $failed -eq 0 ]
