ip addr add 2001:1::77/64 dev eth1
../../guestbin/wait-for.sh --timeout 60 --match 'binding of .* ended' -- grep mip6d /var/log/daemon.log
../../guestbin/wait-for.sh --timeout 60 --match 'IKE_SA deleted' -- cat /var/log/daemon.log
ipsec statusall | grep -c ESTABLISHED
ip xfrm state | grep -c 'proto esp'
../../guestbin/wait-until-alive -I 2001:1::10 2001:1::1
