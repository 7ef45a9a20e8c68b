#!/usr/bin/env bash
# Drives the octavo program on the real engine, as its users do.
#
#   tests/e2e/e2e.sh [PATTERN]     only the cases whose name matches the regular expression
#
# Makes clusters of its own only, named e2e-<process>, and removes them. Ends with the line
# "N passed, N failed, N skipped".
set -uo pipefail

here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
pattern=${1:-}
# shellcheck source=tests/e2e/lib.sh
. "$here/lib.sh"
name=e2e-$$
other=$name-b
nodes=8
# The engine must have the image; each case that wants it built asks for that itself.
broken=octavo-e2e-$$

clean_up() {
    local cluster
    for cluster in "$name" "$other"; do "$octavo" down "$cluster" --yes --quiet >/dev/null 2>&1; done
    docker rm -f "octavo-$other-1" >/dev/null 2>&1
    docker image rm -f "$broken:ends" "$broken:waits" >/dev/null 2>&1
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

up() { "$octavo" up "$name" -n $nodes --image "$image" "$@"; }
on_cluster() { "$octavo" run --name "$name" "$@"; }

# --- a cluster's life ---

up_makes_nodes_that_can_work() {
    try 0 up --json
    equal "$(json out 'd["version"]')" 1
    equal "$(json out 'len(d["nodes"])')" $nodes
    equal "$(json out 'set(n["state"] for n in d["nodes"])')" "{'ready'}"
    equal "$(json out 'd["seconds"]["checked"] > 0')" True
}

up_again_keeps_every_node() {
    local before after
    before=$(docker ps -q --no-trunc --filter "label=octavo.cluster=$name" | sort)
    try 0 up
    after=$(docker ps -q --no-trunc --filter "label=octavo.cluster=$name" | sort)
    equal "$after" "$before"
}

up_without_a_size_takes_that_of_the_cluster() {
    try 0 "$octavo" up "$name"
    has err "$nodes nodes"
}

up_with_another_size_or_image_is_refused() {
    try 1 "$octavo" up "$name" -n $((nodes + 1))
    has err "exists with $nodes nodes"
    has err "hint:"
    try 1 "$octavo" up "$name" --image other/image:1
    has err "exists with image"
}

status_shows_every_node_as_joined() {
    try 0 "$octavo" status "$name" --json
    equal "$(json out 'sorted(n["name"] for n in d["nodes"]) == sorted("'"$name"'-%d" % i for i in range('$nodes'))')" True
    equal "$(json out 'set(n["state"] for n in d["nodes"])')" "{'idle'}"
    equal "$(json out 'd["trouble"]')" None
    try 0 "$octavo" status "$name"
    has out "$name-$((nodes - 1))"
}

status_of_no_cluster_is_not_found() {
    try 3 "$octavo" status no-such-cluster --json
    equal "$(json out 'd["error"]["code"]')" not_found
    has err "hint:"
}

two_clusters_stand_side_by_side() {
    try 0 "$octavo" up "$other" -n 2 --image "$image"
    try 0 "$octavo" run --name "$other" hostname
    equal "$(sort out | tr '\n' ' ')" "$other-0 $other-1 "
    try 0 on_cluster -n 1 hostname
    has out "$name-"
    try 0 "$octavo" status --all
    has out "$name"
    has out "$other"
    try 0 "$octavo" down "$other"
    nothing_left_of "$other"
    try 0 "$octavo" status "$name"
}

# --- running programs ---

run_reaches_every_node() {
    try 0 on_cluster hostname
    equal "$(sort -u out | wc -l)" $nodes
    try 0 on_cluster -n 3 hostname
    equal "$(sort -u out | wc -l)" 3
}

run_passes_arguments_untouched() {
    try 0 on_cluster -n 1 printf '%s|' 'two words' "it's" '$HOME' '*' '' '--help'
    equal "$(cat out)" "two words|it's|\$HOME|*||--help|"
}

run_keeps_the_streams_apart() {
    try 0 on_cluster -n 1 sh -c 'echo to-out; echo to-err >&2'
    equal "$(cat out)" to-out
    equal "$(cat err)" to-err
}

run_passes_standard_input_to_the_first_rank() {
    seq 1 200000 >in
    try_with_input 0 on_cluster -n 1 sha256sum
    equal "$(cut -c1-64 out)" "$(sha256sum <in | cut -c1-64)"
    printf 'once\n' >in
    try_with_input 0 on_cluster -n 3 cat
    equal "$(cat out)" once
}

run_brings_a_hundred_megabytes_home_intact() {
    local wanted
    wanted=$(seq 1 12900000 | sha256sum)
    equal "$(seq 1 12900000 | wc -c)" 104988897
    equal "$(on_cluster -n 1 seq 1 12900000 </dev/null | sha256sum)" "$wanted"
}

run_returns_the_programs_status() {
    try 7 on_cluster -n 1 sh -c 'exit 7'
    has err "exited with status 7"
    try 0 on_cluster true
    try 3 on_cluster no-such-program
    has err "no-such-program"
}

run_names_the_node_and_the_signal() {
    cat >crash.c <<'C'
#include <stdlib.h>
#include <unistd.h>
int main(void)
{
    const char *rank = getenv("PMIX_RANK");
    if (rank && atoi(rank) == 2)
        abort();
    sleep(20);
    return 0;
}
C
    try 134 on_cluster crash.c
    has err "$name-2: rank 2: killed by signal 6"
    has_not err "srun: error"
}

run_shows_the_compilers_message_with_the_users_file_and_line() {
    mkdir deep
    printf 'int main(void)\n{\n    return missing;\n}\n' >deep/wrong.c
    try 1 on_cluster deep/wrong.c
    has err "deep/wrong.c:3:12: error:"
    has err "does not compile"
    is_empty out
    cd deep || exit
    try 1 on_cluster ../deep/wrong.c
    has err "../deep/wrong.c:3:12: error:"
}

run_compiles_a_folder_with_its_headers() {
    mkdir -p prog/include
    printf '#include "include/answer.h"\nint answer(void) { return ANSWER; }\n' >prog/answer.c
    printf '#define ANSWER 42\nint answer(void);\n' >prog/include/answer.h
    printf '#include <stdio.h>\n#include "include/answer.h"\nint main(void) { printf("%%d\\n", answer()); }\n' >prog/main.c
    try 0 on_cluster -n 1 prog
    equal "$(cat out)" 42
    sed -i 's/42/43/' prog/include/answer.h
    try 0 on_cluster -n 1 prog/
    equal "$(cat out)" 43
}

run_does_not_compile_an_unchanged_program_again() {
    printf 'int main(void) { return 0; }\n' >same.c
    try 0 on_cluster -n 1 --json same.c
    equal "$(json err 'd["cached"]')" False
    touch same.c
    try 0 on_cluster -n 1 --json same.c
    equal "$(json err 'd["cached"]')" True
    printf 'int main(void) { return 5; }\n' >same.c
    try 5 on_cluster -n 1 same.c
}

run_refuses_a_senseless_number_of_nodes() {
    local n
    for n in 0 -1 100000 x 1.5 ''; do
        try 2 on_cluster -n "$n" hostname
        has err "hint:"
        try 2 "$octavo" up "$other" -n "$n"
    done
    try 2 on_cluster -n $((nodes + 1)) hostname
    has err "has $nodes nodes"
    nothing_left_of "$other"
}

run_gives_up_after_its_time() {
    try 5 on_cluster --timeout 1.5 sleep 60
    has err "did not end within 1.5 s"
    wait_for 15 no_job_runs
}

# How many jobs have not ended; fails when Slurm does not answer.
active_jobs() {
    "$octavo" status "$name" --json </dev/null >jobs.json
    json jobs.json 'len([j for j in d["jobs"] if j["state"] in ("RUNNING", "PENDING", "COMPLETING")])'
}
no_job_runs() { [ "$(active_jobs)" = 0 ]; }
a_job_runs() { [ "$(active_jobs)" = 1 ]; }

ctrl_c_cancels_the_job_and_leaves_the_cluster_up() {
    wait_for 20 no_job_runs
    in_terminal 130 '3|\003' "$octavo" run --name "$name" sleep 100
    has screen "the job is cancelled"
    wait_for 15 no_job_runs
    try 0 on_cluster hostname
}

a_signal_to_run_cancels_its_job() {
    # Not by the function: the process to be signalled would be a shell's.
    "$octavo" run --name "$name" sleep 100 >out 2>err </dev/null &
    local pid=$! status=0
    wait_for 30 a_job_runs
    kill -TERM $pid
    wait $pid || status=$?
    cat err
    equal $status 143
    has err "the job is cancelled"
    wait_for 15 no_job_runs
}

run_ends_when_nobody_reads_its_output() {
    local start=$SECONDS
    equal "$(on_cluster -n 1 yes </dev/null 2>err | head -n 1)" y
    [ $((SECONDS - start)) -lt 20 ] || fail "an end soon after the pipe closed"
    wait_for 15 no_job_runs
}

a_killed_run_does_no_harm() {
    "$octavo" run --name "$name" sleep 2 >out 2>err </dev/null &
    local pid=$!
    wait_for 30 a_job_runs
    kill -KILL $pid
    try 0 on_cluster hostname
    equal "$(sort -u out | wc -l)" $nodes
}

a_lesson_runs_end_to_end() {
    [ -e "$root/examples/01-map/lesson.json" ] || skip "no lesson 01-map"
    docker exec "octavo-$name-0" sh -c 'command -v octavo-prep' || skip "the image has no octavo-prep"
    export OCTAVO_ROOT=$root
    try 0 on_cluster 01-map
    has err "both results are the same"
    has err "where the time went"
}

# The image reads JSON by yyjson, which takes lines with the same members as a table; where the tests are built
# there may be Jansson only (runtime/frame/jsonl_test.c asks the same there).
lines_of_json_are_the_same_rows_whatever_the_order_of_their_members() {
    cat >rows.c <<'C'
#include <oct/oct.h>

int main(int argc, char **argv)
{
    oct_pool *pool = oct_pool_open(&argc, argv);
    oct_jsonl_options options = {.types = "i int64, d double, b bool, s string, t timestamp"};
    oct_frame *lines = oct_read_jsonl_with(pool, argv[1], &options);
    oct_frame *rows = lines ? oct_frame_select(lines, "i, d, b, s, t") : NULL;
    if (!rows || oct_frame_write_csv(rows, argv[2]) != OCT_OK)
        oct_die(NULL);
    return oct_pool_close(pool);
}
C
    python3 - <<'PY'
import json, random
random.seed(7)
names = "idbst"
with open("table.jsonl", "w") as table, open("turned.jsonl", "w") as turned, open("wanted.csv", "w") as wanted:
    wanted.write("i,d,b,s,t\n")
    for row in range(20000):
        value = {"i": random.randrange(-2**63, 2**63), "d": random.randrange(8000) / 8, "b": row % 3 == 0,
                 "s": "s\u00e9%d" % row, "t": "1969-12-%02d 23:%02d:00" % (1 + row // 1000, row % 60)}
        if row % 701 == 700:
            del value[random.choice(names)]
        if row % 997 == 996:
            value[random.choice(names)] = None
        at = row % len(value)
        members = list(value.items())
        table.write(json.dumps(value) + "\n")
        turned.write(json.dumps(dict(members[at:] + members[:at])) + "\n")
        text = {None: "", True: "true", False: "false"}
        wanted.write(",".join("" if (v := value.get(n)) is None else text[v] if v is True or v is False
                              else "%.17g" % v if n == "d" else str(v) for n in names) + "\n")
PY
    try 0 "$octavo" cp --name "$name" table.jsonl head:
    try 0 "$octavo" cp --name "$name" turned.jsonl head:
    local each
    for each in table turned; do
        try 0 on_cluster -n 1 rows.c "$each.jsonl" "$each.csv"
        try 0 "$octavo" cp --name "$name" "head:$each.csv" .
        cmp "$each.csv" wanted.csv || fail "the rows of $each.jsonl"
    done
}

every_lesson_runs_unchanged() {
    export OCTAVO_ROOT=$root
    every_lesson_agrees "$name" "$root/examples"
}

# --- looking at nodes ---

exec_runs_where_it_is_told() {
    try 0 "$octavo" exec --name "$name" hostname
    equal "$(cat out)" "$name-0"
    try 0 "$octavo" exec --name "$name" --node 3 hostname
    equal "$(cat out)" "$name-3"
    try 9 "$octavo" exec --name "$name" --node "$name-1" sh -c 'exit 9'
    try 3 "$octavo" exec --name "$name" --node 99 hostname
    has err "has no node '99'"
    printf 'to the node' >in
    try_with_input 0 "$octavo" exec --name "$name" cat
    equal "$(cat out)" "to the node"
}

exec_on_all_leads_each_line_by_its_node() {
    try 4 "$octavo" exec --name "$name" --all sh -c 'hostname; case $(hostname) in *-2) exit 4;; esac'
    equal "$(wc -l <out)" $nodes
    has out "$name-5 | $name-5"
}

shell_is_a_terminal_on_a_node() {
    in_terminal 3 'await $ |tty; echo node=$(hostname) term=$TERM\r|size 33x99|0.5|stty size\r|await 33 99|exit 3\r' \
        "$octavo" shell --name "$name" 1
    has screen "/dev/pts/"
    has screen "node=$name-1 term=xterm"
    try 2 "$octavo" shell --name "$name"
    has err "needs a terminal"
}

logs_are_those_of_the_daemons() {
    try 0 "$octavo" logs --name "$name" head
    has out slurmctld
    has out munged
    try 0 "$octavo" logs --name "$name" --tail 1
    equal "$(cut -d' ' -f1 out | sort -u | wc -l)" $nodes
    try 3 "$octavo" logs --name "$name" nobody
    try 0 "$octavo" logs --tail 1 "$name-1"
    has out "$name-1 | "
}

following_logs_ends_by_ctrl_c_without_a_complaint() {
    in_terminal 130 'await serving as|\003' "$octavo" logs --name "$name" --follow 1 2
    has_not screen "error:"
}

# As any program ends whose reader has seen enough: without a word, by SIGPIPE's status.
a_reader_that_goes_away_is_no_failure() {
    local where
    set +e # the pipeline's status is what is looked at
    for where in --node=0 --all; do
        "$octavo" exec --name "$name" $where yes </dev/null 2>err | head -n 1
        equal "${PIPESTATUS[0]}" 141
        is_empty err
    done
    wait_for 10 nobody_runs yes
}

# An engine lets a command run on whose caller is gone.
nobody_runs() { ! "$octavo" exec --name "$name" --all pgrep -x "$1" >/dev/null; }

an_interrupted_exec_leaves_nothing_running() {
    in_terminal 130 '2|\003' "$octavo" exec --name "$name" sh -c 'trap "" INT; sleep 1234 & sleep 1234'
    wait_for 10 nobody_runs sleep
}

# Slurm's programs ask for the name of 0.0.0.0; DNS, which may be dead, must not be what answers.
nodes_need_no_dns_to_start() {
    try 0 "$octavo" exec --name "$name" --all getent -s files hosts 0.0.0.0
    equal "$(wc -l <out)" $nodes
}

cp_brings_a_tree_there_and_back() {
    mkdir -p 'tree/with space/deep'
    head -c 3000000 /dev/urandom >'tree/with space/deep/random'
    printf x >'tree/-dash'
    printf '#!/bin/sh\n' >tree/script
    chmod 755 tree/script
    ln -s script tree/link
    : >tree/empty
    try 0 "$octavo" cp --name "$name" tree head:
    try 0 "$octavo" cp --name "$name" 2:tree back
    diff -r --no-dereference tree back
    [ -x back/script ] || fail "an executable script"
    try 0 "$octavo" cp --name "$name" tree/script 1:/tmp/other-name
    try 0 "$octavo" exec --name "$name" --node 1 cat /tmp/other-name
    equal "$(cat out)" '#!/bin/sh'
    try 3 "$octavo" cp --name "$name" head:not-there .
    try 2 "$octavo" cp --name "$name" tree other
}

doctor_finds_the_engine() {
    try 0 "$octavo" doctor --json
    equal "$(json out '[c["verdict"] for c in d["checks"] if c["check"] == "engine"]')" "['ok']"
    has out "'$name', $nodes nodes"
}

# --- when things break ---

no_engine_is_said_so_at_once() {
    local start=$SECONDS
    DOCKER_HOST=unix://$work/dead.sock try 1 "$octavo" up "$other"
    has err "engine"
    has err "hint:"
    DOCKER_HOST=unix://$work/dead.sock try 1 "$octavo" status "$other"
    DOCKER_HOST=unix://$work/dead.sock try 1 "$octavo" doctor
    DOCKER_HOST=tcp://127.0.0.1:1 try 1 "$octavo" run hostname
    [ $((SECONDS - start)) -lt 10 ] || fail "an answer within seconds"
}

no_permission_names_the_group() {
    [ "$(id -u)" = 0 ] || skip "needs root to become somebody else"
    local socket=/var/run/docker.sock
    [ -S $socket ] || skip "no socket at $socket"
    cp "$octavo" "$work/octavo"
    chmod 755 "$work" "$work/octavo"
    setpriv --reuid 65534 --regid 65534 --clear-groups test ! -w $socket || skip "everybody may use the socket"
    try 4 env -u DOCKER_HOST setpriv --reuid 65534 --regid 65534 --clear-groups "$work/octavo" up "$other"
    has err "group"
}

a_missing_image_leaves_nothing() {
    try 3 "$octavo" up "$other" --image no/such-image:1
    has err "no/such-image:1"
    has err "octavo image build"
    nothing_left_of "$other"
}

a_subnet_that_is_taken_leaves_nothing() {
    local taken
    taken=$(docker network inspect bridge --format '{{(index .IPAM.Config 0).Subnet}}')
    try 1 "$octavo" up "$other" -n 2 --image "$image" --subnet "$taken"
    has err "$taken"
    has err "name a free one with --subnet"
    nothing_left_of "$other"
}

somebody_elses_container_is_not_touched() {
    docker create --name "octavo-$other-1" --entrypoint /bin/true "$image" >/dev/null
    try 1 "$octavo" up "$other" -n 2 --image "$image"
    has err "octavo-$other-1"
    try 0 "$octavo" down "$other"
    docker inspect "octavo-$other-1" >/dev/null || fail "the container to be there still"
    docker rm "octavo-$other-1" >/dev/null
    nothing_left_of "$other"
    try 0 "$octavo" up "$other" -n 2 --image "$image"
    try 0 "$octavo" down "$other"
}

two_ups_at_once_end_in_one_cluster() {
    local status_a=0 status_b=0 a b
    "$octavo" up "$other" -n 4 --image "$image" >a.out 2>a.err </dev/null & a=$!
    "$octavo" up "$other" -n 4 --image "$image" >b.out 2>b.err </dev/null & b=$!
    wait $a || status_a=$?
    wait $b || status_b=$?
    cat a.err b.err
    equal "$status_a $status_b" "0 0"
    equal "$(docker ps -q --filter "label=octavo.cluster=$other" | wc -l)" 4
    try 0 "$octavo" run --name "$other" hostname
    equal "$(sort -u out | wc -l)" 4
    try 0 "$octavo" down "$other"
    nothing_left_of "$other"
}

# Kills `up` after some time, then does what the argument says.
kill_up_after() {
    "$octavo" up "$other" -n 4 --image "$image" >killed.out 2>killed.err </dev/null &
    local pid=$!
    sleep "$1"
    kill -KILL $pid 2>/dev/null || true
    wait $pid || true
}

up_killed_at_any_moment_is_resumed_by_up() {
    local moment
    for moment in 0.01 0.05 0.15 0.3 0.5 0.8 1.2 2; do
        echo "killed after $moment s"
        kill_up_after $moment
        try 0 "$octavo" up "$other" -n 4 --image "$image"
        equal "$(docker ps -q --filter "label=octavo.cluster=$other" | wc -l)" 4
        try 0 "$octavo" run --name "$other" true
        try 0 "$octavo" down "$other"
        nothing_left_of "$other"
    done
}

up_killed_at_any_moment_is_cleaned_by_down() {
    local moment
    for moment in 0.02 0.1 0.2 0.4 0.6 1; do
        echo "killed after $moment s"
        kill_up_after $moment
        try 0 "$octavo" down "$other"
        nothing_left_of "$other"
    done
}

# What is dead in four ways comes back; the node that lives is left alone, and so is the home folder.
heal_brings_dead_nodes_back() {
    local alive
    try 0 "$octavo" up "$other" -n 5 --image "$image"
    try 0 "$octavo" run --name "$other" -n 1 sh -c 'echo kept >kept'
    alive=$(docker inspect -f '{{.Id}} {{.State.StartedAt}}' "octavo-$other-4")
    try 0 "$octavo" heal "$other" --json
    equal "$(json out 'd["healed"]')" "[]"
    docker kill "octavo-$other-0" >/dev/null
    docker kill "octavo-$other-1" >/dev/null
    docker rm -f "octavo-$other-2" >/dev/null
    docker pause "octavo-$other-3" >/dev/null
    try 0 "$octavo" heal "$other" --dry-run
    has err "would heal $other-1: killed by signal 9"
    try 0 "$octavo" heal "$other" --json
    equal "$(json out '[n["name"] for n in d["healed"]]')" "['$other-0', '$other-1', '$other-2', '$other-3']"
    equal "$(docker inspect -f '{{.Id}} {{.State.StartedAt}}' "octavo-$other-4")" "$alive"
    try 0 "$octavo" run --name "$other" hostname
    equal "$(sort -u out | wc -l)" 5
    try 0 "$octavo" run --name "$other" -n 1 cat kept
    equal "$(cat out)" kept
    try 0 "$octavo" down "$other"
    nothing_left_of "$other"
    try 3 "$octavo" heal "$other"
    has err "there is no cluster '$other'"
}

up_interrupted_says_how_to_go_on() {
    in_terminal 130 '0.4|\003' "$octavo" up "$other" -n 4 --image "$image"
    has screen "'octavo up' goes on from here"
    # The cursor that the table hid is back.
    [ "$(grep -oaE $'\033\\[\\?25[lh]' screen | tail -n 1)" = $'\033[?25h' ] || fail "the cursor to be shown again"
    try 0 "$octavo" down "$other"
    nothing_left_of "$other"
}

# break_image TAG COMMAND: an image whose node 2 does COMMAND instead of serving.
break_image() {
    mkdir broken
    cat >broken/octavo-node <<SH
#!/bin/sh
case \$1:\$(hostname) in serve:*-2) $2 ;; esac
exec octavo-node.real "\$@"
SH
    chmod 755 broken/octavo-node
    printf '%s\n' "FROM $image" 'USER 0' 'RUN mv /usr/local/bin/octavo-node /usr/local/bin/octavo-node.real' \
        'COPY octavo-node /usr/local/bin/octavo-node' 'USER 1000' >broken/Dockerfile
    docker build -q -t "$broken:$1" broken >/dev/null
}

a_node_that_ends_is_named_with_its_last_words() {
    break_image ends 'echo the disk is on fire >&2; exit 3'
    try 1 "$octavo" up "$other" -n 4 --image "$broken:ends"
    has err "node 2 of '$other'"
    has err "the disk is on fire"
    has err "hint:"
    try 0 "$octavo" down "$other"
    nothing_left_of "$other"
}

a_node_that_never_joins_is_named_with_its_log() {
    break_image waits 'echo waiting for the moon to rise >&2; sleep 1000'
    try 5 "$octavo" up "$other" -n 4 --image "$broken:waits" --timeout 8
    has err "node 2 of '$other'"
    has err "waiting for the moon to rise"
    has err "hint:"
    try 0 "$octavo" down "$other"
    nothing_left_of "$other"
}

a_killed_node_is_seen_and_replaced() {
    docker kill "octavo-$name-3" >/dev/null
    try 0 "$octavo" status "$name" --json
    equal "$(json out '[n["engine"] for n in d["nodes"] if n["index"] == 3]')" "['stopped']"
    try 0 up
    try 0 on_cluster hostname
    equal "$(sort -u out | wc -l)" $nodes
}

a_restarted_engine_s_cluster_works_again() {
    docker ps -q --filter "label=octavo.cluster=$name" | xargs docker stop -t 2 >/dev/null
    try 0 on_cluster hostname
    equal "$(sort -u out | wc -l)" $nodes
}

# --- more nodes, or fewer ---

names_of() { "$octavo" status "$1" --json | python3 -c 'import json,sys; print(*[n["name"] + ":" + n["state"] for n in json.load(sys.stdin)["nodes"]])'; }
running_in() { [ "$("$octavo" exec --name "$1" squeue -h -t R -o %D)" = "$2" ]; }

a_cluster_grows_while_a_program_runs_on_all_of_it() {
    try 0 "$octavo" up "$other" -n 2 --image "$image"
    try 0 "$octavo" scale 4 "$other" --dry-run
    has err "would add $other-2 to $other-3"
    "$octavo" run --name "$other" sleep 8 >ran 2>&1 &
    local job=$!
    wait_for 20 running_in "$other" 2
    try 0 "$octavo" scale 4 "$other" --json
    equal "$(json out 'd["from"], d["count"], len(d["added"]), d["removed"]')" "(2, 4, 2, [])"
    kill -0 $job || fail "the program to run still"
    try 0 "$octavo" run --name "$other" hostname
    equal "$(sort out | tr '\n' ' ')" "$other-0 $other-1 $other-2 $other-3 "
    wait $job || fail "the program to end well: $(cat ran)"
    try 0 "$octavo" up "$other"
    equal "$(names_of "$other")" "$other-0:idle $other-1:idle $other-2:idle $other-3:idle"
}

nodes_that_leave_end_first_what_they_run() {
    "$octavo" run --name "$other" sh -c 'sleep 4; echo whole' >ran 2>&1 &
    local job=$!
    wait_for 20 running_in "$other" 4
    try 5 "$octavo" scale 1 "$other" --timeout 0.5
    has err "all nodes are back at work"
    try 0 "$octavo" scale 2 "$other"
    has err "$other-2 to $other-3 left"
    wait $job || fail "the program to end well: $(cat ran)"
    equal "$(grep -c whole ran)" 4
    equal "$(names_of "$other")" "$other-0:idle $other-1:idle"
    try 0 "$octavo" heal "$other"
    has err "all 2 nodes"
}

ctrl_c_while_nodes_drain_leaves_all_at_work() {
    "$octavo" run --name "$other" sleep 6 >ran 2>&1 &
    local job=$! status=0
    wait_for 20 running_in "$other" 2
    timeout --foreground -s INT 1 "$octavo" scale 1 "$other" >out 2>err </dev/null || status=$?
    has err "all nodes are back at work"
    [[ $(names_of "$other") != *drain* ]] || fail "no node that drains"
    # One that is cut off without a word is made good by the next command that wants all nodes.
    timeout -s KILL 1 "$octavo" scale 1 "$other" >out 2>err </dev/null || status=$?
    [[ $(names_of "$other") = *"$other-1:mixed+drain"* ]] || fail "a node that drains"
    try 0 "$octavo" heal "$other"
    equal "$(names_of "$other")" "$other-0:mixed $other-1:mixed"
    wait $job || fail "the program to end well: $(cat ran)"
}

what_runs_on_nodes_that_are_taken_goes_on_with_the_rest() {
    "$octavo" run --name "$other" sh -c 'sleep 3; hostname' >ran 2>said &
    local job=$!
    wait_for 20 running_in "$other" 2
    try 0 "$octavo" scale 1 "$other" --now
    wait $job || fail "the program to end well: $(cat said)"
    equal "$(cat ran)" "$other-0"
    has said "$other-1: it has left the cluster"
    has said "has 1 node now"
}

a_size_that_makes_no_sense_is_refused() {
    try 2 "$octavo" scale
    try 2 "$octavo" scale 0 "$other"
    try 2 "$octavo" scale many "$other"
    try 1 "$octavo" scale 1001 "$other"
    has err "at most 1000"
    try 3 "$octavo" scale 2 no-such-cluster
    try 0 "$octavo" down "$other"
    nothing_left_of "$other"
}

# --- manners ---

a_mistyped_word_gets_a_suggestion() {
    try 2 "$octavo" staus
    has err "did you mean 'octavo status'?"
    try 2 "$octavo" up --nmae x
    has err "did you mean '--name'?"
    try 2 "$octavo" up --on dokcer
    has err "did you mean '--on docker'?"
}

every_command_has_help_with_three_examples() {
    local command
    for command in $("$octavo" help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
        try 0 "$octavo" help "$command"
        equal "$(sed -n '/^examples:/,/^$/p' out | grep -c '^  ')" 3
        cp out by-word
        try 0 "$octavo" "$command" --help
        cmp out by-word
    done
}

# The best of several: a machine that is busy elsewhere is slow at everything.
the_first_word_comes_within_a_tenth_of_a_second() {
    local attempt start_ns took best=1000000 first
    mkfifo words
    for attempt in 1 2 3 4 5 6; do
        start_ns=$(date +%s%N)
        up >out 2>words </dev/null &
        IFS= read -r first <words
        took=$((($(date +%s%N) - start_ns) / 1000000))
        wait $! || true
        echo "$attempt: '$first' after $took ms"
        [ $took -ge $best ] || best=$took
    done
    [ $best -lt 100 ] || fail "a word within 100 ms"
}

progress_is_plain_json_or_silent_as_asked() {
    try 0 up --progress=json
    python3 -c 'import json; [json.loads(line) for line in open("err") if line.startswith("{")] or exit(1)'
    try 0 up --quiet
    is_empty err
    is_empty out
    try 2 up --progress=fancy
    NO_COLOR=1 in_terminal 0 '' "$octavo" up "$name"
    ! grep -qa $'\033\\[3[0-9]m' screen || fail "no colours with NO_COLOR"
}

dry_runs_do_nothing() {
    try 0 "$octavo" up "$other" --dry-run
    try 0 "$octavo" run --name "$other" --dry-run hostname
    try 0 "$octavo" down "$name" --dry-run
    nothing_left_of "$other"
    try 0 "$octavo" status "$name"
}

completion_is_valid_in_each_shell() {
    try 0 "$octavo" completion bash
    bash -n out
    # shellcheck disable=SC2016
    bash -c '. ./out; COMP_WORDS=(octavo st); COMP_CWORD=1; _octavo; [ "${COMPREPLY[*]}" = status ]' || fail "status for st"
    # shellcheck disable=SC2016
    bash -c '. ./out; COMP_WORDS=(octavo up --nod); COMP_CWORD=2; _octavo; [ "${COMPREPLY[*]}" = --nodes ]' || fail "--nodes"
    local shell
    for shell in zsh fish; do
        try 0 "$octavo" completion $shell
        command -v $shell >/dev/null || continue
        $shell -n out
    done
    command -v fish >/dev/null && { fish -c 'source out; complete -C "octavo exercise wat"' | grep -qx watch || fail "watch for wat"; }
    command -v zsh >/dev/null && { "$octavo" completion zsh >out && grep -q "1:verb:(start watch" out || fail "verbs for zsh"; }
    try 2 "$octavo" completion tcsh
}

the_program_stays_small() {
    cat >measure.py <<'PY'
import os, resource, subprocess, sys
subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
PY
    local kb
    kb=$(python3 measure.py "$octavo" run --name "$name" seq 1 300000)
    echo "$kb KB"
    [ "$kb" -lt 20000 ] || fail "at most 20 MB"
}

down_removes_everything() {
    try 0 "$octavo" down "$name"
    nothing_left_of "$name"
    try 0 "$octavo" down "$name"
    has err "nothing to remove"
}

docker image inspect "$image" >/dev/null 2>&1 || {
    echo "error: image '$image' is not on this engine" >&2
    exit 1
}
# Every function above is a case, in the order of the file; the cluster of the first serves
# the others, the last removes it.
[[ up_makes_nodes_that_can_work =~ $pattern ]] || up --quiet || exit 1
for each in $(sed -n 's/^\([a-z_]*\)() {$/\1/p' "${BASH_SOURCE[0]}"); do
    case $each in clean_up | kill_up_after | break_image | active_jobs | names_of | running_in) continue ;; esac
    run_case "$each"
done
# shellcheck disable=SC2154 # counted in lib.sh
printf '\n%d passed, %d failed, %d skipped\n' $passed $failed $skipped
[ $failed -eq 0 ]
