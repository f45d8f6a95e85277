ip addr del 2001:1::77/64 dev eth1
../../guestbin/wait-for.sh --timeout 60 --match '^2$' -- grep -c accepted /var/log/daemon.log
../../guestbin/wait-until-alive -I 2001:1::10 2001:1::1
../../guestbin/ping-once.sh --up -I 2001:1::10 fec1::10
grep -o 'IKE_SA .* established between.*\|IKE_SA deleted' /var/log/daemon.log
# who stops does not wait for the answer
/etc/init.d/mip6d stop
../../guestbin/wait-for.sh --timeout 60 --match '^2$' -- grep -c 'IKE_SA deleted' /var/log/daemon.log
