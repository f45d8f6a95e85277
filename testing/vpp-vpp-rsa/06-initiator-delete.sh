vppctl ikev2 initiate del-sa $(vppctl show ikev2 sa | sed -n '1s/.*ispi \([0-9a-f]*\) .*/\1/p')
../../guestbin/wait-for.sh --no-match ipsec0 -- vppctl show interface
