vppctl show error
vppctl show ipsec
