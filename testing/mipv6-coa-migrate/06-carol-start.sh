ipsec start
# which triggers IKE for the Binding Update, and then for the payload
/etc/init.d/mip6d start
../../guestbin/wait-for.sh --timeout 60 --match 'CHILD_SA tunnel{2} established' -- cat /var/log/daemon.log
../../guestbin/ping-once.sh --up -I 2001:1::10 2001:1::1
../../guestbin/ping-once.sh --up -I 2001:1::10 fec1::10
ip addr show dev ip6tnl1 | grep inet6.*global
ipsec statusall
ip xfrm policy list nosock
ip xfrm state | grep -v anti-replay
