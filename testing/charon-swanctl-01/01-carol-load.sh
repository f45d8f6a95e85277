mkdir -p /etc/swanctl
cp carol.swanctl.conf /etc/swanctl/swanctl.conf
ipsec start
swanctl --version
swanctl --load-all
swanctl --list-conns
swanctl --initiate --child nosuch
