/etc/init.d/mip6d restart
ip link show dev ip6tnl1
