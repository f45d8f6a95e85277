#!/bin/sh
# tcpdump.sh --start|--stop -i INTERFACE [FILTER...]: captures the packets of an interface, and prints them at the end.

usage() {
    echo "usage: tcpdump.sh --start|--stop -i INTERFACE [FILTER...]" >&2
    exit 64
}

action= interface=
while [ $# -gt 0 ]; do
    case $1 in
    --start | --stop) action=${1#--} ;;
    -i)
        [ $# -gt 1 ] || usage
        interface=$2
        shift
        ;;
    --)
        shift
        break
        ;;
    -*) usage ;;
    *) break ;;
    esac
    shift
done
[ -n "$action" ] && [ -n "$interface" ] || usage
capture=/tmp/tcpdump.$interface.pcap

case $action in
start)
    # -Z root: there is no other user to become. --immediate-mode: a packet is written as it comes.
    tcpdump -Z root --immediate-mode -U -n -i "$interface" -w "$capture" "$@" >/tmp/tcpdump.$interface.log 2>&1 </dev/null &
    echo $! >"/tmp/tcpdump.$interface.pid"
    tries=100
    until grep -q '^tcpdump: listening on' "/tmp/tcpdump.$interface.log" 2>/dev/null; do
        tries=$((tries - 1))
        if [ $tries -eq 0 ] || ! kill -0 $! 2>/dev/null; then
            echo "tcpdump.sh: tcpdump does not start:"
            cat "/tmp/tcpdump.$interface.log"
            exit 1
        fi
        sleep 0.02
    done
    ;;
stop)
    if ! read -r pid <"/tmp/tcpdump.$interface.pid"; then
        echo "tcpdump.sh: nothing was started on $interface"
        exit 1
    fi
    kill -TERM "$pid"
    while kill -0 "$pid" 2>/dev/null; do sleep 0.01; done
    rm -f "/tmp/tcpdump.$interface.pid"
    exec tcpdump -n -r "$capture" "$@" 2>/dev/null
    ;;
esac
