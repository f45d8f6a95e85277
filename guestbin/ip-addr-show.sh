#!/bin/sh
# ip-addr-show.sh [INTERFACE]: the global addresses of one or of all interfaces, as "eth0 inet 192.0.2.1/24", sorted.

output=$(ip -o address show ${1:+dev "$1"} scope global) || exit $?
[ -n "$output" ] || exit 0
while read -r index interface family address rest; do
    printf '%s\n' "$interface $family $address"
done <<END | LC_ALL=C sort
$output
END
