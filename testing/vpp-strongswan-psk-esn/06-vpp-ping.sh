../../guestbin/vpp-hide.sh vppctl ping 192.168.3.1 source TenGigabitEthernet5/0/0 repeat 2
vppctl show interface ipsec0
vppctl show error | grep -e esp -e echo
../../guestbin/vpp-hide.sh vppctl show ipsec tunnel interfaces | grep seq
