#!/bin/sh
# Makes the base of octavo/node, a minimal Debian 13, from packages alone: for machines
# that reach a Debian mirror and no image registry. Writes a tar to the file named, or to
# standard output.
#
#   images/base.sh base.tar && docker import base.tar octavo/base:trixie
#
# The mirror, its proxy and its checks are those of this machine's own apt. The same
# packages give the same bytes: mmdebstrap clamps every time stamp to SOURCE_DATE_EPOCH.
set -eu

suite=trixie
target=${1:--}

command -v mmdebstrap >/dev/null || {
    echo "error: 'mmdebstrap' is not installed" >&2
    echo "hint: apt-get install mmdebstrap" >&2
    exit 1
}

# One source line for each archive (main, updates, security) that this machine's apt
# uses; none where it follows another distribution, and mmdebstrap then has its default.
sources()
{
    apt-get indextargets --format '$(LABEL)|$(REPO_URI)|$(RELEASE)' 'Created-By: Packages' 2>/dev/null |
        sort -u |
        while IFS='|' read -r label uri release; do
            case $label:$release in
            Debian:*-updates) echo "deb $uri $suite-updates main" ;;
            Debian:*-backports*) ;;
            Debian:*) echo "deb $uri $suite main" ;;
            Debian-Security:*) echo "deb $uri $suite-security main" ;;
            esac
        done | sort -u
}

# This machine's own answer for one apt option, as an option of mmdebstrap.
apt_option()
{
    value=$(apt-config dump --format '%v' "$1")
    [ -z "$value" ] || printf -- '--aptopt=%s "%s";\n' "$1" "$value"
}

lines=$(sources)
set --
for option in Acquire::http::Proxy Acquire::https::Proxy Acquire::Check-Valid-Until Acquire::Check-Date; do
    given=$(apt_option "$option")
    [ -z "$given" ] || set -- "$@" "$given"
done

# Debian 13's release day; any fixed moment will do.
export SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-1754697600}"

echo "making Debian $suite from packages (about a minute)" >&2
set -- --quiet --variant=minbase --format=tar --aptopt='Acquire::Retries "5";' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-exclude=/usr/share/info/*' "$@"

make_base()
{
    if [ -n "$lines" ]; then
        echo "$lines" | mmdebstrap "$@" -
    else
        mmdebstrap "$@"
    fi
}

# A mirror that fails for a moment must not cost a cluster. The tar is kept aside until it is
# whole, so that a second try does not follow half of the first.
made=$(mktemp)
trap 'rm -f "$made"' EXIT
for pause in 5 20 0; do
    if make_base "$@" "$suite" "$made"; then
        if [ "$target" = - ]; then cat "$made"; else cat "$made" >"$target"; fi
        exit 0
    fi
    [ "$pause" = 0 ] || {
        echo "that failed; once more in $pause s" >&2
        sleep "$pause"
    }
done
exit 1
