#!/bin/sh
# wait-for-inbound.sh NUMBER: waits until the daemon has blocked that inbound message, and prints the line that says so.

[ $# -eq 1 ] || {
    echo "usage: wait-for-inbound.sh NUMBER" >&2
    exit 64
}
exec "$(dirname "$0")/wait-for-pluto.sh" "IMPAIR: blocking inbound message $1\$"
