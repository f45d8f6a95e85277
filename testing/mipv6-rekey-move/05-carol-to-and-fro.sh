printf '%s\n' 'addr add 2001::51/128 dev eth0' 'addr del 2001::50/128 dev eth0' 'addr add 2001::50/128 dev eth0' 'addr del 2001::51/128 dev eth0' 'addr add 2001::52/128 dev eth0' 'addr del 2001::50/128 dev eth0' >/tmp/moves
begin=$(date +%s%N); ip -batch /tmp/moves; [ $(($(date +%s%N) - begin)) -lt 1000000000 ] && echo within a second
# of the place where she is at last, not of one on the way
../../guestbin/wait-for.sh --timeout 60 --match accepted -- sed -n '/sent Binding Update.*2001::52/,$p' /var/log/daemon.log | grep -o accepted
../../guestbin/wait-until-alive -I 2001:1::10 fec1::10
../../guestbin/ping-once.sh --up -I 2001:1::10 2001:1::1
ipsec statusall | grep -o 'ESTABLISHED.*'
