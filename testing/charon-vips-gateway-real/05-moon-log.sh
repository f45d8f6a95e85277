ipsec leases
swanctl --load-pools
swanctl --list-pools --leases
grep -e lease -e virtual /var/log/charon.log | sed 's/^[0-9]*//'
