ip route del fec1::/16 dev eth1
ip addr del 2001:1::77/64 dev eth1
../../guestbin/wait-for.sh --timeout 60 --match '^2$' -- grep -c accepted /var/log/daemon.log
../../guestbin/ping-once.sh --up -I 2001:1::10 2001:1::1
../../guestbin/ping-once.sh --up -I 2001:1::10 fec1::10
# by the SAs of before
grep -c 'CHILD_SA .* established' /var/log/daemon.log
ipsec statusall | grep -o 'ESTABLISHED.*'
