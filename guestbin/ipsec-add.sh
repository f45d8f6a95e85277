#!/bin/sh
# ipsec-add.sh CONNECTION...: adds each connection; ends at the first that cannot be.

for connection; do
    ipsec add "$connection" || exit $?
done
