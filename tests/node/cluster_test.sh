#!/bin/bash
# Eight nodes from the image alone, by plain engine commands, as a provider would make
# them. Prints a line for each case and ends with "N passed, N failed, N skipped".
#
#   bazel test //tests/node:cluster_test --test_output=all     OCTAVO_IMAGE names the image
set -u

IMAGE=${OCTAVO_IMAGE:-octavo/node:dev}
NAME=nodetest$$
NODES=8
passed=0
failed=0

clean_up()
{
    local containers
    containers=$(docker ps -aq --filter "label=octavo.cluster=$NAME")
    [ -z "$containers" ] || docker rm -fv $containers >/dev/null
    docker network rm "octavo-$NAME" >/dev/null 2>&1
    docker volume rm "octavo-$NAME-state" "octavo-$NAME-home" >/dev/null 2>&1
}
trap clean_up EXIT

# check SENTENCE COMMAND...: the case passes when the command does; its output explains.
check()
{
    local what=$1 said
    shift
    if said=$("$@" 2>&1); then
        echo "ok      $what"
        passed=$((passed + 1))
    else
        echo "FAILED  $what"
        echo "$said" | tail -20 | sed 's/^/        /'
        failed=$((failed + 1))
    fi
}

node() { echo "octavo-$NAME-$1"; }
on() { local i=$1; shift; docker exec -i "$(node "$i")" "$@"; }
slurm() { echo "$1" | on 0 octavo-slurm; }
now_ms() { date +%s%3N; }

create_node()
{
    docker run -d --name "$(node "$1")" --hostname "$NAME-$1" --network "octavo-$NAME" \
        --label "octavo.cluster=$NAME" --cap-drop ALL --security-opt no-new-privileges --read-only \
        --tmpfs /run:mode=755,uid=1000,gid=1000 --tmpfs /tmp:exec,mode=1777 --shm-size 256m --pids-limit 4096 \
        -v "octavo-$NAME-state:/var/lib/octavo" -v "octavo-$NAME-home:/home/octavo" "$IMAGE" >/dev/null
}

create_all()
{
    docker network create --label "octavo.cluster=$NAME" "octavo-$NAME" >/dev/null
    for i in $(seq 0 $((NODES - 1))); do
        create_node "$i" &
    done
    wait
}

# cluster.json with the addresses that the engine has now; $1 is the generation.
config()
{
    local i address list=
    for i in $(seq 0 $((NODES - 1))); do
        address=$(docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "$(node "$i")")
        # A node that does not run has none; any free one does for it.
        list="$list${list:+,}{\"name\":\"$NAME-$i\",\"address\":\"${address:-192.0.2.$((i + 1))}\"}"
    done
    echo "{\"version\":1,\"cluster\":\"$NAME\",\"generation\":$1,\"nodes\":[$list],\"cpus\":2,\"munge_key_file\":null}"
}

configure() { config "$1" | on 0 octavo-node configure; }
wait_ready() { slurm "{\"op\":\"wait_nodes\",\"count\":$1,\"timeout\":${2:-30}}"; }

join_in_time()
{
    local start took
    start=$(now_ms)
    configure 1 && wait_ready $NODES || return 1
    took=$(($(now_ms) - start))
    echo "        joined in $took ms" >&3
    [ $took -lt 5000 ]
}

hello() { on 0 srun --quiet -N$NODES -n$NODES --mpi=pmix octavo-node task -- octavo-hello; }

hello_crosses()
{
    local i said
    for i in $(seq 20); do
        said=$(hello) || { echo "run $i: $said"; return 1; }
        case $said in
        "{\"ranks\":$NODES,\"nodes\":$NODES,"*) ;;
        *) echo "run $i said: $said"; return 1 ;;
        esac
    done
}

key_is_private()
{
    [ "$(on 3 stat -c '%a %u %s' /var/lib/octavo/munge.key)" = "400 1000 128" ] &&
        [ "$(on 3 stat -c '%a %u' /run/octavo/munge.key)" = "400 1000" ] &&
        [ -z "$(docker run --rm --network none --entrypoint find "$IMAGE" / -xdev -name 'munge.key*')" ] &&
        ! on 0 sh -c 'cat /proc/*/environ /proc/*/cmdline' 2>/dev/null | grep -qF "$(on 0 head -c 16 /run/octavo/munge.key | tr -d '\0\n')"
}

no_privileges()
{
    on 2 grep -E '^(Cap|NoNewPrivs|Uid)' /proc/1/status
    [ "$(on 2 awk '/^Cap(Eff|Prm|Bnd)/ { print $2 }' /proc/1/status | sort -u)" = 0000000000000000 ] &&
        [ "$(on 2 awk '/^NoNewPrivs/ { print $2 }' /proc/1/status)" = 1 ] &&
        [ "$(on 2 awk '/^Uid/ { print $2 }' /proc/1/status)" = 1000 ] &&
        [ -z "$(docker run --rm --network none --entrypoint find "$IMAGE" / -xdev -perm /6000 -type f)" ]
}

root_is_read_only()
{
    ! on 2 touch /usr/local/bin/x 2>/dev/null && ! on 2 touch /etc/x 2>/dev/null && on 2 touch /tmp/x
}

all_healthy()
{
    for i in $(seq 0 $((NODES - 1))); do
        on "$i" octavo-node health || return 1
    done
}

idle_memory()
{
    # shellcheck disable=SC2046 # a list
    docker stats --no-stream --format '{{.Name}} {{.MemUsage}}' $(docker ps -q --filter "label=octavo.cluster=$NAME") |
        awk '{ value = $2 + 0; if ($2 ~ /GiB/) value *= 1024; if ($2 ~ /KiB/) value /= 1024
               if (value > most) most = value } END { printf "        the largest: %.1f MiB\n", most; exit most > 60 }' >&3
}

daemon_comes_back()
{
    on 3 sh -c 'kill -KILL $(cat /run/octavo/slurmd.pid)'
    local until=$(($(now_ms) + 5000))
    until on 3 octavo-node health | grep -q '"name":"slurmd","running":true.*"restarts":1'; do
        [ "$(now_ms)" -lt $until ] || { on 3 octavo-node health; return 1; }
    done
    docker logs "$(node 3)" 2>&1 | grep "slurmd killed by signal 9 (Killed); starting it again"
}

no_zombies()
{
    on 1 sh -c '(sleep 0.1 &) ; (true &)'
    sleep 0.5
    ! on 1 sh -c 'cat /proc/[0-9]*/stat' | grep ' Z '
}

tells_exits()
{
    local said status
    said=$(on 0 srun --quiet -N$NODES -n$NODES --kill-on-bad-exit=1 octavo-node task -- sh -c \
        '[ $PMIX_RANK = 3 ] && kill -SEGV $$; sleep 5' 2>&1)
    status=$?
    echo "$status: $said"
    [ $status -ne 0 ] && echo "$said" | grep -qx "octavo: $NAME-3: rank 3: killed by signal 11 (Segmentation fault)" &&
        [ "$(echo "$said" | grep -c '^octavo:')" = 1 ]
}

batch_job()
{
    local job said
    job=$(slurm '{"op":"submit","argv":["sh","-c","echo \"it'\''s $WHO\"; exit 3"],"name":"batch","env":{"WHO":"me"}}')
    job=${job#*:} job=${job%\}}
    said=$(slurm "{\"op\":\"watch\",\"job\":$job}")
    echo "$said"
    echo "$said" | tail -1 | grep -q "\"state\":\"FAILED\",\"exit\":3" && on 0 cat "/home/octavo/slurm-$job.out" |
        grep -qx "it's me"
}

cancel_by_name()
{
    local job
    slurm '{"op":"submit","argv":["sleep","600"],"name":"forever","nodes":2}' || return 1
    job=$(slurm '{"op":"cancel","name":"forever"}')
    echo "$job"
    job=${job#*[} job=${job%]*}
    slurm "{\"op\":\"watch\",\"job\":$job}" | tail -1 | grep -q CANCELLED &&
        slurm '{"op":"cancel","name":"forever"}' | grep -qx '{"cancelled":\[\]}'
}

# refused REQUEST CODE: octavo-slurm fails with that error code as its last line.
refused()
{
    local said status
    said=$(slurm "$1")
    status=$?
    echo "$status: $said"
    [ $status = 1 ] && echo "$said" | tail -1 | grep -q "^{\"error\":{\"code\":\"$2\""
}

slurm_refuses()
{
    refused 'garbage' invalid && refused '{}' invalid && refused '{"op":"fly"}' invalid &&
        refused '{"op":"watch","job":999999}' not_found && refused '{"op":"cancel","job":999999}' not_found &&
        refused '{"op":"submit"}' invalid && refused '{"op":"down","node":"nobody"}' not_found && refused '{"op":"submit","argv":["true"],"nodes":99}' state &&
        refused "{\"op\":\"wait_nodes\",\"count\":$((NODES + 1)),\"timeout\":0.2}" timeout
}

library_that_gives_up()
{
    local said
    on 1 sh -c 'echo Nonsense=1 >/tmp/slurm.conf'
    said=$(echo '{"op":"nodes"}' | docker exec -i -e SLURM_CONF=/tmp/slurm.conf "$(node 1)" octavo-slurm)
    echo "$said"
    echo "$said" | grep -q '^{"error":{"code":"state","what":"Slurm.s library gave up: '
}

configure_refuses()
{
    local said
    said=$(echo '{"version":1,"cluster":"x","nodes":[{"name":"a b","address":"1.2.3.4"}]}' | on 0 octavo-node configure 2>&1) &&
        return 1
    echo "$said"
    echo "$said" | grep -q "'nodes\[0\].name' is not a host name"
}

compiles()
{
    on 0 sh -c 'cat > h5.c' <<'END'
#include <hdf5.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
int main(void) { unsigned a, b, c; H5get_libversion(&a, &b, &c); printf("%s %u %g\n", jansson_version_str(), a, sqrt(4)); }
END
    on 0 octcc -Wall -Werror -o h5 h5.c -lhdf5 -ljansson && on 0 srun -N$NODES -n$NODES ./h5 || return 1
    printf 'int main(void)\n{\n    return undeclared;\n}\n' | on 0 sh -c 'cat > bad.c'
    on 0 octcc -o bad bad.c 2>&1 | grep '^bad.c:3:'
}

# The head and the others are restarted by a new address in cluster.json; the job is not.
job_survives_change()
{
    on 0 srun --quiet -N4 -n4 sh -c 'sleep 4; echo survived' >/tmp/$NAME.out 2>&1 &
    local job=$!
    sleep 1
    config 5 | sed "s/\"cpus\":2/\"cpus\":2,\"memory_mb\":100/" | on 0 octavo-node configure
    wait_ready $NODES >/dev/null
    wait $job
    cat /tmp/$NAME.out
    [ "$(grep -c survived /tmp/$NAME.out)" = 4 ]
}

# In an allocation that may lose nodes: a step that uses all, one of which is killed, and
# then a step on the others; --overlap, since Slurm holds the head's share of the first one
# for up to a minute.
lost_node_ends_the_step()
{
    local start job
    start=$(now_ms)
    on 0 timeout 100 salloc --quiet --no-kill -N$NODES sh -c "srun -n$NODES octavo-node task -- sleep 100
        date +%s%3N; srun --quiet --overlap -N$((NODES - 1)) -n$((NODES - 1)) --exclude=$NAME-5 octavo-hello" \
        >/tmp/$NAME.out 2>/tmp/$NAME.err &
    job=$!
    sleep 1.5
    docker kill "$(node 5)" >/dev/null
    start=$(now_ms)
    slurm "{\"op\":\"down\",\"node\":\"$NAME-5\",\"reason\":\"killed\"}"
    wait $job
    cat /tmp/$NAME.out /tmp/$NAME.err
    echo "        the step ended $(($(head -1 /tmp/$NAME.out) - start)) ms after the node was killed," \
        "the next one $(($(now_ms) - start)) ms" >&3
    tail -1 /tmp/$NAME.out | grep -q "{\"ranks\":$((NODES - 1)),\"nodes\":$((NODES - 1))," &&
        [ $(($(now_ms) - start)) -lt 20000 ]
}

missing_node_is_named()
{
    local said
    said=$(wait_ready $NODES 1)
    echo "$said" | tail -1
    echo "$said" | tail -1 | grep -q "\"missing\":\[{\"name\":\"$NAME-5\""
}

restarted_node_rejoins()
{
    docker start "$(node 5)" >/dev/null && configure 6 && wait_ready $NODES && hello
}

everything_restarts()
{
    local all before
    before=$(slurm '{"op":"submit","argv":["true"]}')
    all=$(docker ps -q --filter "label=octavo.cluster=$NAME")
    docker stop $all >/dev/null && docker start $all >/dev/null && configure 7 && wait_ready $NODES && hello || return 1
    echo "$before, then $(slurm '{"op":"submit","argv":["true"]}')"
    [ "$(slurm '{"op":"submit","argv":["true"]}' | tr -dc 0-9)" -gt "$(echo "$before" | tr -dc 0-9)" ]
}

stops_in_time()
{
    local start took
    start=$(now_ms)
    docker stop -t 10 "$(node 0)" >/dev/null
    took=$(($(now_ms) - start))
    echo "        the head stopped in $took ms" >&3
    [ "$(docker inspect -f '{{.State.ExitCode}}' "$(node 0)")" = 0 ] && [ $took -lt 3000 ]
}

if ! docker image inspect "$IMAGE" >/dev/null 2>&1; then
    echo "skipped: there is no engine, or no image '$IMAGE' on it"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
fi

exec 3>&1
start=$(now_ms)
create_all
echo "        created in $(($(now_ms) - start)) ms"
check "configure refuses what makes no sense" configure_refuses
check "an unconfigured node says so" sh -c "docker exec $(node 1) octavo-node health | grep '\"configured\":false'"
check "eight nodes join" join_in_time
check "every node is healthy" all_healthy
check "MPI crosses the nodes, twenty times" hello_crosses
check "the munge key is private, and in no image" key_is_private
check "nodes run without any privilege" no_privileges
check "the root file system is read-only" root_is_read_only
check "an idle node takes less than 60 MB" idle_memory
check "a killed daemon comes back" daemon_comes_back
check "orphans leave no zombies" no_zombies
check "a crash on one node is told once, with node, rank and signal" tells_exits
check "a batch job runs, with its environment and status" batch_job
check "a job is cancelled by its name" cancel_by_name
check "octavo-slurm refuses what it cannot do, in JSON" slurm_refuses
check "libslurm's fatal() becomes an error in JSON" library_that_gives_up
check "octcc compiles, and errors name the user's line" compiles
check "a changed cluster.json leaves a running job alone" job_survives_change
check "a killed node ends the step that used it, and the other seven go on" lost_node_ends_the_step
check "the missing node is named" missing_node_is_named
check "the node comes back with a new address" restarted_node_rejoins
check "a cluster that was stopped starts again, its state kept" everything_restarts
check "the head stops cleanly" stops_in_time

rm -f /tmp/$NAME.out /tmp/$NAME.err
echo "$passed passed, $failed failed, 0 skipped"
[ $failed = 0 ]
