ip -6 neigh show proxy
ip link show dev ip6tnl1
ip xfrm policy list nosock | grep -c 'mode tunnel'
ipsec statusall | grep -o 'ESTABLISHED.*'
