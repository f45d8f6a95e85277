#!/bin/sh
# prep.sh: installs the configuration and the secrets of the scenario in the working folder, saying which file went
# where, and makes an empty key store.

read -r host </proc/sys/kernel/hostname
host=${host%%.*}

# install TARGET NAME...: copies the only one of the named files that is here.
install() {
    target=$1 found=
    shift
    for name in "$@"; do
        [ -f "$name" ] || continue
        if [ -n "$found" ]; then
            echo "prep.sh: $host has two candidates: $found and $name" >&2
            exit 1
        fi
        found=$name
    done
    [ -n "$found" ] || return 0
    cp "$found" "$target" || exit 1
    echo "$found -> $target"
}

[ -d /etc/ipsec.d/policies ] || mkdir -p /etc/ipsec.d/policies
install /etc/ipsec.conf "$host.conf" "$host.ipsec.conf" ipsec.conf
install /etc/ipsec.secrets "$host.secrets" "$host.ipsec.secrets" ipsec.secrets
exec ipsec initnss
