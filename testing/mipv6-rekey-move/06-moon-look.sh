ip -d link show dev ip6tnl1 | grep -o 'remote [^ ]*'
ipsec statusall | grep -o 'ESTABLISHED.*'
/etc/init.d/mip6d stop
