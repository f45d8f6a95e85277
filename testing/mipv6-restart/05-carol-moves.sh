ip addr add 2001::51/128 dev eth0
ip addr del 2001::50/128 dev eth0
../../guestbin/wait-for.sh --timeout 60 --match '^3$' -- grep -c accepted /var/log/daemon.log
../../guestbin/wait-until-alive -I 2001:1::10 fec1::10
