#!/bin/sh
# libreswan-up-down.sh CONNECTION [--rekey] [ping-once options]: adds a connection, brings it up, sends one ping through
# it, perhaps rekeys its Child SA and pings again, takes it down and deletes it. One that cannot be added or does not
# come up is deleted without a word, so that nothing of it is left for the next.

connection=$1
shift
rekey=no
if [ "$1" = --rekey ]; then
    rekey=yes
    shift
fi
here=${0%/*}

ipsec add "$connection" || exit $?
if ipsec up "$connection"; then
    if [ $# -gt 0 ]; then "$here/ping-once.sh" --up "$@"; fi
    if [ $rekey = yes ]; then
        ipsec whack --rekey-child --name "$connection"
        if [ $# -gt 0 ]; then "$here/ping-once.sh" --up "$@"; fi
    fi
    ipsec down "$connection"
fi
ipsec delete "$connection" >/dev/null
