vppctl show logging | ../../guestbin/vpp-hide.sh cat
vppctl show interface ipsec0
vppctl show ipsec tunnel interfaces
