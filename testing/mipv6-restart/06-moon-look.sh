ip -d link show dev ip6tnl1 | grep -o 'remote [^ ]*'
grep mip6d /var/log/daemon.log | grep -v 'out of window'
