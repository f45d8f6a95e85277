ip -d link show dev ip6tnl1 | grep -o 'remote [^ ]*'
kill -9 $(cat /run/mip6d.pid); tail --pid=$(cat /run/mip6d.pid) -s 0.05 -f /dev/null
/etc/init.d/mip6d start
ip link show dev ip6tnl1
ip -6 neigh show proxy
