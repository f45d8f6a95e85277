#!/bin/sh
# wait-for.sh: runs a command again and again until a regular expression matches in its output, or no longer does.
#
#   wait-for.sh [--timeout SECONDS] --match|--no-match EXPRESSION -- COMMAND...
#
# Prints the lines that match. After 30 seconds, or as many as were asked for, it says so and fails.

usage() {
    echo "usage: wait-for.sh [--timeout SECONDS] --match|--no-match EXPRESSION -- COMMAND..." >&2
    exit 64
}

timeout=30 mode= expression=
while [ $# -gt 0 ]; do
    case $1 in
    --timeout)
        [ $# -gt 1 ] || usage
        timeout=$2
        shift
        ;;
    --match | --no-match)
        [ $# -gt 1 ] || usage
        mode=${1#--} expression=$2
        shift
        ;;
    --)
        shift
        break
        ;;
    *) usage ;;
    esac
    shift
done
[ -n "$mode" ] && [ $# -gt 0 ] || usage

# Seconds since the machine started, by which the deadline is kept: commands take their time too.
now() {
    read -r seconds rest </proc/uptime
    seconds=${seconds%.*}
}
now
deadline=$((seconds + timeout))
while :; do
    output=$("$@" 2>&1)
    if matches=$(printf '%s\n' "$output" | grep -e "$expression"); then
        if [ $mode = match ]; then
            printf '%s\n' "$matches"
            exit 0
        fi
    elif [ $mode = no-match ]; then
        exit 0
    fi
    now
    [ "$seconds" -lt $deadline ] || break
    sleep 0.05
done
echo "wait-for.sh: timeout after $timeout seconds waiting for '$*' to $mode '$expression'"
printf '%s\n' "$output"
exit 1
