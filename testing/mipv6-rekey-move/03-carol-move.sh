swanctl --rekey --child tunnel | tail -n 1
../../guestbin/wait-for.sh --match '^2$' -- grep -c 'generating CREATE_CHILD_SA request' /var/log/daemon.log
ip addr add 2001::50/128 dev eth0
ip addr del 2001::41a:a8ff:fe6f:c67/64 dev eth0
../../guestbin/wait-for.sh --timeout 60 --match '^2$' -- grep -c accepted /var/log/daemon.log
../../guestbin/wait-for.sh --timeout 60 --match '^2$' -- grep -c 'CHILD_SA tunnel.* established' /var/log/daemon.log
# one SA each way, between the new ends
../../guestbin/wait-for.sh --timeout 60 --match '^2$' -- sh -c 'ip xfrm state list reqid 2 | grep -c "^src"'
ip xfrm state list reqid 2 | grep '^src'
../../guestbin/ping-once.sh --up -I 2001:1::10 2001:1::1
../../guestbin/ping-once.sh --up -I 2001:1::10 fec1::10
grep 'CREATE_CHILD_SA\|retransmit' /var/log/daemon.log
