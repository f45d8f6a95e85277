vppctl show error
../../guestbin/vpp-hide.sh vppctl ping 192.168.100.2 repeat 2
vppctl show error | grep -e esp -e ipsec
