#!/bin/sh
# octavo-slurm without any Slurm: whatever comes in, one JSON object comes out, in time.
# Usage: requests_test.sh OCTAVO_SLURM
set -u

program=$1
failed=0
export SLURM_CONF=/nonexistent/slurm.conf

# expect SENTENCE INPUT CODE
expect()
{
    said=$(printf '%s' "$2" | timeout 20 "$program" 2>/dev/null)
    status=$?
    case $status:$said in
    "1:{\"error\":{\"code\":\"$3\","*"}"*) echo "ok      $1" ;;
    *)
        echo "FAILED  $1: status $status, '$said'"
        failed=1
        ;;
    esac
}

expect "nothing at all is refused" '' invalid
expect "garbage is refused" '{]' invalid
expect "bytes that are no text are refused" "$(printf '\377\376\001')" invalid
expect "a list is refused" '[1]' invalid
expect "a request without op is refused" '{"nodes":1}' invalid
expect "an op that is no text is refused" '{"op":1}' invalid
expect "an unknown op is refused" '{"op":"fly"}' invalid
expect "a count of nothing is refused" '{"op":"wait_nodes","count":0}' invalid
expect "a negative time is refused" '{"op":"wait_nodes","count":1,"timeout":-1}' invalid
expect "no controller in time is a time-out" '{"op":"wait_nodes","count":1,"timeout":0.1}' timeout
expect "a node that is not configured says so" '{"op":"nodes"}' state

SLURM_CONF=$(mktemp)
trap 'rm -f "$SLURM_CONF"' EXIT
echo 'Nonsense=1' >"$SLURM_CONF"
expect "a job without number is refused" '{"op":"watch"}' invalid
expect "nodes to drain that are no list are refused" '{"op":"drain","nodes":"dev-1"}' invalid
expect "no nodes to drain are refused" '{"op":"drain","nodes":[]}' invalid
expect "an allocation of no nodes is refused" '{"op":"allocate","nodes":0}' invalid
expect "an allocation of a negative time is refused" '{"op":"allocate","nodes":1,"minutes":-1}' invalid
expect "the library's own exit becomes an error" '{"op":"nodes"}' state
expect "the library's own exit while submitting, too" '{"op":"submit","argv":["true"]}' state
exit $failed
