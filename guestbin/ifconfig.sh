#!/bin/sh
# ifconfig.sh INTERFACE add|del ADDRESS/LENGTH, ifconfig.sh INTERFACE up|down: changes an interface. Of an address that
# was added it shows what the kernel made of it.

usage() {
    echo "usage: ifconfig.sh INTERFACE add|del ADDRESS/LENGTH, or INTERFACE up|down" >&2
    exit 64
}

interface=$1 action=$2 address=$3
case $action in
add)
    [ -n "$address" ] || usage
    ip address add "$address" dev "$interface" || exit $?
    # An IPv6 address is tentative until the kernel has looked for another host that has it (RFC 4862 section 5.4).
    tries=500
    while
        output=$(ip address show dev "$interface" to "${address%/*}") || exit $?
        case $output in *tentative*) ;; *) false ;; esac && [ $tries -gt 0 ]
    do
        tries=$((tries - 1))
        sleep 0.01
    done
    while IFS= read -r line; do
        case $line in
        "    inet"*) printf '%s\n' "$line" ;;
        esac
    done <<END
$output
END
    ;;
del | delete)
    [ -n "$address" ] || usage
    exec ip address del "$address" dev "$interface"
    ;;
up | down) exec ip link set dev "$interface" "$action" ;;
*) usage ;;
esac
