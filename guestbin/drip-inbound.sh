#!/bin/sh
# drip-inbound.sh NUMBER [EXPRESSION]: waits until the daemon has blocked that inbound message, lets it take it, and waits
# for a line of its log that matches.

guestbin=$(dirname "$0")
[ $# -ge 1 ] || {
    echo "usage: drip-inbound.sh NUMBER [EXPRESSION]" >&2
    exit 64
}
"$guestbin/wait-for-inbound.sh" "$1" || exit
ipsec whack --impair "drip_inbound:$1" || exit
[ -z "$2" ] || exec "$guestbin/wait-for-pluto.sh" "$2"
