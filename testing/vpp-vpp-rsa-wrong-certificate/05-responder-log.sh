vppctl show logging | ../../guestbin/vpp-hide.sh cat
vppctl show ikev2 sa
vppctl show ipsec tunnel interfaces
