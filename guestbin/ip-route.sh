#!/bin/sh
# ip-route.sh [ARGUMENTS]: ip route, without what says who made a route (proto static, onlink) and without blanks at the
# ends of lines. Its exit status is ip's.

output=$(ip route "$@")
status=$?
[ -n "$output" ] || exit $status
while IFS= read -r line; do
    # Words are taken apart and put together again, so that only single blanks stay.
    set -f
    set -- $line
    kept=
    while [ $# -gt 0 ]; do
        case "$1 $2" in
        "proto static") shift ;;
        "onlink "*) ;;
        *) kept="$kept${kept:+ }$1" ;;
        esac
        shift
    done
    printf '%s\n' "$kept"
done <<END
$output
END
exit $status
