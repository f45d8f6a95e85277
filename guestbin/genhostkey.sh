#!/bin/sh
# genhostkey.sh FOLDER: makes this host, east or west, an RSA key and leaves what a connection between the two says of it
# in FOLDER/OUTPUT/HOST.hostkey, where the other finds it: west is left, east is right.

folder=${1:-.}
read -r us </proc/sys/kernel/hostname
us=${us%%.*}
case $us in
west) them=east leftright=left ;;
east) them=west leftright=right ;;
*)
    echo "genhostkey.sh: $us is neither east nor west" >&2
    exit 1
    ;;
esac
echo raw rsa
echo "us=$us them=$them leftright=$leftright"
ipsec newhostkey --quiet || exit 1
ipsec showhostkey --$leftright >"$folder/OUTPUT/$us.hostkey"
