ipsec leases
ipsec statusall | sed -n '/^Virtual/,/^Listening/p'
swanctl --list-pools --leases
swanctl --list-sas | grep -e '@' -e ', ESTABLISHED'
swanctl --list-sas --raw | grep -o 'remote-vips=[^]]*]'
# a pool that is in use stays
sed -i 's/10.3.1.128/10.3.1.200/' /etc/swanctl/swanctl.conf
swanctl --load-pools
