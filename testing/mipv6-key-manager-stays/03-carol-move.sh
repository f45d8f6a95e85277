ip addr add 2001::50/128 dev eth0
ip addr del 2001::41a:a8ff:fe6f:c67/64 dev eth0
../../guestbin/wait-for.sh --timeout 60 --match '^2$' -- grep -c accepted /var/log/daemon.log
../../guestbin/wait-until-alive -I 2001:1::10 fec1::10
../../guestbin/ping-once.sh --up -I 2001:1::10 2001:1::1
grep -o 'IKE_SA .* established between.*\|IKE_SA deleted' /var/log/daemon.log | sort
ipsec statusall | grep -o 'ESTABLISHED.*'
# the migrations of the start alone have one
grep -o 'kmaddress: .*' /var/log/daemon.log | sort | uniq -c
