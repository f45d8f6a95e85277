vppctl set interface state ipsec0 up
vppctl set interface ip address ipsec0 10.10.10.1/24
vppctl ip route add 192.168.5.0/24 via 10.10.10.1 ipsec0
../../guestbin/vpp-hide.sh vppctl ping 192.168.5.1 source TenGigabitEthernet5/0/1
../../guestbin/vpp-hide.sh vppctl show ipsec tunnel interfaces
