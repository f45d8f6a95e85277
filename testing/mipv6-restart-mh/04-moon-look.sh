ip link show dev ip6tnl1
ip -6 neigh show proxy
