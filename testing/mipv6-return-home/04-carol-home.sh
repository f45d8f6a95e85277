ip addr add 2001:1::77/64 dev eth1
../../guestbin/wait-for.sh --timeout 60 --match 'binding of .* ended' -- grep "CHILD_SA\|binding" /var/log/daemon.log
ip addr show dev eth1 | grep -o 'inet6 2001.*'
ip link show dev ip6tnl1
ip xfrm policy list nosock | grep -c 'mode tunnel'
ip route add fec1::/16 via 2001:1::1 dev eth1
../../guestbin/wait-until-alive -I 2001:1::10 2001:1::1
../../guestbin/ping-once.sh --up -I 2001:1::10 fec1::10
ipsec statusall | grep -o 'ESTABLISHED.*'
