vppctl show interface ipsec0
../../guestbin/vpp-hide.sh vppctl show ikev2 sa
../../guestbin/vpp-hide.sh vppctl show ipsec tunnel interfaces
# the second way: the tunnel's interface borrows the physical one's address
vppctl ip route add 192.168.3.0/24 via ipsec0
vppctl set interface state ipsec0 up
vppctl set interface unnumbered ipsec0 use TenGigabitEthernet4/0/0
vppctl show interface address
