#!/bin/sh
# wait-for-pluto.sh [--timeout SECONDS] [--match] EXPRESSION: waits until a line of the daemon's log that is no debugging
# line (those begin with |) matches, and prints the lines that do.

timeout=30 expression=
while [ $# -gt 0 ]; do
    case $1 in
    --timeout)
        timeout=$2
        shift
        ;;
    --match) ;;
    *) expression=$1 ;;
    esac
    shift
done
if [ -z "$expression" ]; then
    echo "usage: wait-for-pluto.sh [--timeout SECONDS] [--match] EXPRESSION" >&2
    exit 64
fi
log=/tmp/pluto.log

now() {
    read -r seconds rest </proc/uptime
    seconds=${seconds%.*}
}
now
deadline=$((seconds + timeout))
while :; do
    if [ -e $log ] && grep -v '^|' $log | grep -e "$expression"; then
        exit 0
    fi
    now
    [ "$seconds" -lt $deadline ] || break
    sleep 0.02
done
echo "wait-for-pluto.sh: timeout after $timeout seconds waiting for '$expression' in $log"
exit 1
