kill -9 $(cat /run/mip6d.pid); tail --pid=$(cat /run/mip6d.pid) -s 0.05 -f /dev/null
ip addr add 2001:1::77/64 dev eth1
/etc/init.d/mip6d start
../../guestbin/wait-for.sh --timeout 60 --match 'binding of .* ended' -- grep mip6d /var/log/daemon.log
ip link show dev ip6tnl1
ip xfrm state | grep -c 'coa 2001'
../../guestbin/wait-until-alive -I 2001:1::10 2001:1::1
