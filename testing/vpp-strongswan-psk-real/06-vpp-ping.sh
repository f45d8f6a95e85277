../../guestbin/vpp-hide.sh vppctl ping 192.168.3.1 source TenGigabitEthernet5/0/0 repeat 2
vppctl show interface ipsec0 | grep -v bytes
vppctl show error | grep -e esp -e echo
# the first way: an address of its own
vppctl ip route del 192.168.3.0/24
vppctl set interface unnumbered del ipsec0
vppctl set interface ip address ipsec0 11.11.11.11/32
vppctl ip route add 192.168.3.0/24 via 11.11.11.11 ipsec0
