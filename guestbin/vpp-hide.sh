#!/bin/sh
# vpp-hide.sh COMMAND...: runs a command and shows what differs from run to run as what it is: keys and nonces by their
# length in octets, SPIs, and the counters of an interface that has an Ethernet of its own (ARP comes when it likes).
"$@" | sed -E \
    -e 's/(i?spi|rspi|spi\([ir]\)|(local|remote)-spi) [0-9a-f]+/\1 <spi>/g' \
    -e 's/\b[0-9a-f]{128}\b/<64 octets>/g; s/\b[0-9a-f]{96}\b/<48 octets>/g; s/\b[0-9a-f]{40}\b/<20 octets>/g' \
    -e '/window/!s/\b[0-9a-f]{64}\b/<32 octets>/g; s/\b[0-9a-f]{48}\b/<24 octets>/g' \
    -e 's/^[0-9\/]+ [0-9:]+ /<time> /; s/time=[0-9.]+ ms/time=<time> ms/'
