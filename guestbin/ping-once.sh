#!/bin/sh
# ping-once.sh: sends one ICMP echo request and says what became of it.
#
#   ping-once.sh --up|--down|--error|--forget [--small|--medium|--large|-s SIZE] [-I SOURCE] [-4|-6] DESTINATION
#
# Prints up, down or error; followed by UNEXPECTED, and what ping said, where it is not what was wanted. Exactly one
# request is sent, since scenarios count octets; one process is started.

usage() {
    echo "usage: ping-once.sh --up|--down|--error|--forget [--small|--medium|--large|-s SIZE] [-I SOURCE] DESTINATION" >&2
    exit 64
}

want= size= family= source= destination=
while [ $# -gt 0 ]; do
    case $1 in
    --up | --down | --error) want=${1#--} ;;
    --forget | --fire-and-forget) want=forget ;;
    --small) size=56 ;;
    --medium) size=1000 ;;
    --large) size=3000 ;;
    -s | -I)
        [ $# -gt 1 ] || usage
        case $1 in
        -s) size=$2 ;;
        -I) source=$2 ;;
        esac
        shift
        ;;
    -4 | -6) family=$1 ;;
    -*) usage ;;
    *)
        [ -z "$destination" ] || usage
        destination=$1
        ;;
    esac
    shift
done
[ -n "$want" ] && [ -n "$destination" ] || usage

case $destination in
*:*) family=-6 ;;
esac
# Seconds to wait for the answer. What is to be down is not waited for long; what was sent and forgotten not at all.
case $want in
up) wait=5 ;;
down | error) wait=0.5 ;;
forget) wait=0.01 ;;
esac
set -- $family -n -c 1 -W $wait ${size:+-s "$size"} ${source:+-I "$source"} "$destination"

output=$(ping "$@" 2>&1)
status=$?
if [ $want = forget ]; then
    echo "fired and forgotten"
    exit 0
fi
case $status in
0) got=up ;;
1) got=down ;;
*) got=error ;;
esac
if [ $got = $want ]; then
    echo $got
    exit 0
fi
echo "$got UNEXPECTED"
echo "# ping $*"
echo "$output"
exit 1
