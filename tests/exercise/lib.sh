# shellcheck shell=bash
# lib.sh - what the tests of `octavo exercise` share; sourced by each with bash -eu.
#
# $octavo and $kit are the program and the kit's tar, $root the folder with the lessons. $work goes away
# with the test, which ends with `finish`.
# shellcheck disable=SC2034,SC2154 # the scripts that source this set and use them
work=$(mktemp -d "${TEST_TMPDIR:-/tmp}/exercise.XXXXXX")
trap 'rm -rf "$work"' EXIT
failures=0

mkdir "$work/kit"
tar -xf "$kit" -C "$work/kit"
export OCTAVO_KIT=$work/kit OCTAVO_ROOT=$root XDG_CACHE_HOME=$work/cache HOME=$work
cd "$work" || exit 1

# check WHAT CONDITION...
check() {
    if "${@:2}"; then printf 'ok    %s\n' "$1"; else
        printf 'FAIL  %s\n' "$1"
        failures=$((failures + 1))
        local shown
        for shown in "$work/out" "$work/err"; do [ ! -e "$shown" ] || sed 's/^/      /' "$shown" | head -n 40; done
    fi
}

says() { grep -qF -- "$1" "$2"; }
says_not() { ! grep -qF -- "$1" "$2"; }

# ends STATUS COMMAND...: its output is in $work/out and $work/err.
ends() {
    local want=$1 got=0
    shift
    "$@" >"$work/out" 2>"$work/err" </dev/null || got=$?
    [ "$got" = "$want" ] || { echo "      status $got, not $want"; return 1; }
}

finish() { [ "$failures" -eq 0 ]; }
