#!/usr/bin/env bash
# A Slurm site on this machine, for tests: its own munged, slurmctld and slurmds, on its own
# ports and in one folder, so that no Slurm that is here already is disturbed.
#
#   site.sh up DIR [NODES]    stands it up and prints what to export
#   site.sh down DIR          ends what `up` started, and only that
#   site.sh stop-controller DIR, start-controller DIR      a site whose slurmctld is away
#   site.sh lose DIR NODE     kills all that runs on a node, its slurmd too, as a loss of power does, and
#                             tells slurmctld, as a site's own watch does
#   site.sh return DIR NODE   the node is back
#
# DIR must be reachable for every user (munge's socket lies in it).
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin # where the daemons are

usage() { sed -n '2,12s/^# \{0,1\}//p' "$0" >&2; exit 2; }
[ $# -ge 2 ] || usage
verb=$1 dir=$2 nodes=${3:-8}
port=${OCTAVO_SITE_PORT:-26817}
accounts=${OCTAVO_SITE_ACCOUNTS:-} # 1: jobs are booked (slurmdbd, MariaDB), on accounts that bind; see keep_books
absent=${OCTAVO_SITE_ABSENT:-0} # so many more nodes are only in its books, for measuring what a large site costs

# Starts a daemon in the background and keeps its process id: start NAME COMMAND...
start() {
    local name=$1
    shift
    setsid "$@" >"$dir/$name.out" 2>&1 </dev/null &
    echo $! >"$dir/pids/$name"
}

# The even nodes are in one rack, the odd ones in another. An InactiveLimit, which many sites have, is short:
# a pilot that waits for programs must not be inactive.
configure() {
    local i user cgroup=disabled
    # Slurm 22.05 knows no "disabled"; with v1 named and nothing that uses it, none is touched.
    case $(slurmd -V) in *\ 2[0-2].*) cgroup=cgroup/v1 ;; esac
    user=$(id -un)
    cat >"$dir/slurm.conf" <<END
ClusterName=site
SlurmctldHost=$(hostname)(127.0.0.1)
SlurmctldPort=$port
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
AuthInfo=socket=$dir/munge/socket
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool-%n
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd-%n.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
MpiDefault=none
MailProg=/bin/true
SwitchType=switch/none
TmpFS=$dir/tmp-%n
ReturnToService=2
SlurmdParameters=config_overrides
KillWait=2
CompleteWait=0
InactiveLimit=20
SlurmdTimeout=20
LaunchParameters=disable_send_gids
$(for ((i = 0; i < nodes; i++)); do
    echo "NodeName=site$i NodeHostname=$(hostname) NodeAddr=127.0.0.1 Port=$((port + 10 + i)) CPUs=2 Feature=small,rack$((i % 2)) State=UNKNOWN"
done)
$([ -z "$accounts" ] || echo "AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort=$((port + 1))
AccountingStoragePass=$dir/munge/socket
AccountingStorageEnforce=associations,limits,qos")
$([ "$absent" = 0 ] || echo "NodeName=absent[1-$absent] NodeAddr=127.0.0.1 Port=1 CPUs=2 State=DOWN")
PartitionName=batch Nodes=ALL Default=YES MaxTime=INFINITE DefaultTime=60 State=UP
PartitionName=short Nodes=site0 MaxTime=5 State=UP
END
    echo "CgroupPlugin=$cgroup" >"$dir/cgroup.conf"
}

# What slurmdbd and the database agree on, kept from others: configure_books PASSWORD.
configure_books() {
    (umask 77 && cat >"$dir/slurmdbd.conf" && mkdir -p "$dir/db/data" && cat >"$dir/db/user.sql" <<<"
CREATE DATABASE slurm;
CREATE USER slurm@'127.0.0.1' IDENTIFIED BY '$1';
GRANT ALL ON slurm.* TO slurm@'127.0.0.1';") <<END
DbdHost=localhost
DbdAddr=127.0.0.1
DbdPort=$((port + 1))
SlurmUser=$(id -un)
AuthType=auth/munge
AuthInfo=socket=$dir/munge/socket
PidFile=$dir/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort=$((port + 2))
StorageUser=slurm
StoragePass=$1
StorageLoc=slurm
END
}

# A database of its own, its tables made as mariadb-install-db would, which is in the package that also brings
# a service.
start_database() {
    local options=(--no-defaults --user="$(id -un)" --datadir="$dir/db/data" --skip-log-bin
        --innodb-log-file-size=8M --innodb-buffer-pool-size=32M --innodb-flush-log-at-trx-commit=0)
    printf 'CREATE DATABASE mysql;\nUSE mysql;\n' | cat - /usr/share/mysql/mysql_system_tables.sql |
        mariadbd "${options[@]}" --bootstrap >"$dir/tables.out" 2>&1
    start mariadbd mariadbd "${options[@]}" --socket="$dir/db/socket" --pid-file="$dir/db/pid" \
        --bind-address=127.0.0.1 --port=$((port + 2)) --init-file="$dir/db/user.sql"
    until_it answers 127.0.0.1 $((port + 2))
}

# The user may use the account physics, also as urgent, and of small one node; chemistry is others'.
keep_books() {
    configure_books "$(od -An -N16 -tx8 /dev/urandom | tr -d ' \n')"
    start_database
    start slurmdbd slurmdbd -D
    until_it sacctmgr -n list cluster
    sacctmgr -i add cluster site
    sacctmgr -i add account physics,small,chemistry cluster=site
    sacctmgr -i add user "$(id -un)" account=physics,small
    sacctmgr -i modify user where name="$(id -un)" account=small set MaxNodes=1
    sacctmgr -i add qos urgent
    sacctmgr -i modify user where name="$(id -un)" account=physics set qos+=urgent
} >"$dir/books.out" 2>&1

answers() { : <"/dev/tcp/$1/$2"; }

until_it() {
    for _ in $(seq 100); do
        ! "$@" >/dev/null 2>&1 || return 0
        sleep 0.1
    done
    echo "error: within 10 s: $*; see $dir/*.out" >&2
    return 1
}

up() {
    local i
    mkdir -p "$dir/munge" "$dir/state" "$dir/pids"
    chmod 755 "$dir" "$dir/munge"
    [ -e "$dir/key" ] || (umask 377 && head -c 128 /dev/urandom >"$dir/key")
    configure
    export SLURM_CONF=$dir/slurm.conf
    start munged munged --foreground --key-file="$dir/key" --socket="$dir/munge/socket" \
        --pid-file="$dir/munge/pid" --log-file="$dir/munge/log" --seed-file="$dir/munge/seed"
    [ -z "$accounts" ] || keep_books
    start slurmctld slurmctld -D -c -i # with nothing remembered
    for ((i = 0; i < nodes; i++)); do
        mkdir -p "$dir/spool-site$i" "$dir/tmp-site$i"
        start "slurmd-site$i" slurmd -D -N "site$i"
    done
    local deadline=$((SECONDS + 30))
    until [ "$(sinfo -h -p batch -t idle -o %D 2>/dev/null)" = "$nodes" ]; do
        if [ $SECONDS -ge $deadline ]; then
            echo "error: the site's nodes are not idle after 30 s; see $dir/*.out" >&2
            tail -n 3 "$dir"/*.out >&2
            down
            exit 1
        fi
        sleep 0.1
    done
    echo "export SLURM_CONF=$SLURM_CONF"
    # All its nodes are this host, and connections between a host's own bridges are not to be relied on.
    echo "export OMPI_MCA_btl_tcp_if_include=lo"
}

down() {
    local file
    for file in "$dir"/pids/slurmd-* "$dir"/pids/{slurmctld,slurmdbd,mariadbd,munged}; do
        [ -e "$file" ] && kill -- "-$(cat "$file")" 2>/dev/null || true
    done
    # The daemon of a step that has lost a node waits for that node's for a minute and more, and its slurmd
    # for it.
    ours 'slurmstepd: *' | xargs -r kill -9 2>/dev/null || true
    for file in "$dir"/pids/*; do
        while [ -e "$file" ] && kill -0 "$(cat "$file")" 2>/dev/null; do sleep 0.1; done
        rm -f "$file"
    done
}

# The processes of this site whose command line is such a pattern.
ours() {
    local process
    { grep -lzx -- "SLURM_CONF=$dir/slurm.conf" /proc/[0-9]*/environ || true; } 2>/dev/null |
        while IFS=/ read -r _ _ process _; do
            # shellcheck disable=SC2254 # a pattern
            case $(tr '\0' ' ' 2>/dev/null <"/proc/$process/cmdline") in $1) echo "$process" ;; esac
        done
}

# What runs in a step of that node, and the daemons of the steps.
processes_on() {
    local process parent
    grep -lzx -- "SLURMD_NODENAME=$1" /proc/[0-9]*/environ | xargs -r grep -lzx -- "SLURM_CONF=$dir/slurm.conf" |
        while IFS=/ read -r _ _ process _; do
            echo "$process"
            parent=$(awk '/^PPid:/ { print $2 }' "/proc/$process/status") || continue
            ! grep -q '^slurmstepd' "/proc/$parent/comm" || echo "$parent"
        done | sort -u
}

lose() {
    local node=$1
    kill -9 "$(cat "$dir/pids/slurmd-$node")"
    { processes_on "$node" | xargs -r kill -9; } 2>/dev/null || true # some end meanwhile
    scontrol update NodeName="$node" State=DOWN Reason="lost power"
}

return_node() {
    local node=$1
    start "slurmd-$node" slurmd -D -N "$node"
    for _ in $(seq 100); do
        scontrol update NodeName="$node" State=RESUME 2>/dev/null || true
        [ "$(sinfo -h -p batch -n "$node" -o %t)" != idle ] || return 0
        sleep 0.1
    done
    return 1
}

case $verb in
up) up ;;
down) down ;;
stop-controller)
    kill -- "-$(cat "$dir/pids/slurmctld")"
    while kill -0 "$(cat "$dir/pids/slurmctld")" 2>/dev/null; do sleep 0.1; done
    ;;
start-controller)
    export SLURM_CONF=$dir/slurm.conf
    start slurmctld slurmctld -D
    for _ in $(seq 100); do
        ! scontrol ping | grep -q UP || break
        sleep 0.1
    done
    ;;
lose) lose "$3" ;;
return) return_node "$3" ;;
*) usage ;;
esac
