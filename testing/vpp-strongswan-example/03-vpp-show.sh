../../guestbin/vpp-hide.sh vppctl show ikev2 sa
# without the counters: ARP comes when it likes
vppctl show interface | cut -c 1-50 | grep '[^ ]'
../../guestbin/vpp-hide.sh vppctl show ipsec tunnel interfaces
