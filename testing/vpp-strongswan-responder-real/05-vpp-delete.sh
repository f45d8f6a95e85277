vppctl show interface ipsec0
vppctl ikev2 initiate del-child-sa $(spi)
../../guestbin/wait-for.sh --no-match ipsec0 -- vppctl show interface
vppctl show ikev2 sa | grep -c 'child sa'
vppctl ikev2 initiate del-sa $(vppctl show ikev2 sa | sed -n '1s/.*ispi \([0-9a-f]*\) .*/\1/p')
../../guestbin/wait-for.sh --no-match iip -- vppctl show ikev2 sa
