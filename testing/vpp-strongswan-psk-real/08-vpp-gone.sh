vppctl show ikev2 sa
vppctl show interface ipsec0
