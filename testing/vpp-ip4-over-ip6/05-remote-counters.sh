vppctl show error | grep -e esp -e policy -e ipsec
