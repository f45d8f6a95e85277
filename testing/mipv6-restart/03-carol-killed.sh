kill -9 $(cat /run/mip6d.pid); tail --pid=$(cat /run/mip6d.pid) -s 0.05 -f /dev/null
ip addr add 2001::50/128 dev eth0
ip addr del 2001::41a:a8ff:fe6f:c67/64 dev eth0
/etc/init.d/mip6d start
../../guestbin/wait-for.sh --timeout 60 --match '^2$' -- grep -c accepted /var/log/daemon.log
ip xfrm state | grep 'coa 2001'
../../guestbin/wait-until-alive -I 2001:1::10 fec1::10
