ping -n -i 0.1 -I 2001:1::10 fec1::10 >/tmp/ping 2>&1 & ping=$!
../../guestbin/wait-for.sh --match 'icmp_seq=3 ' -- cat /tmp/ping >/dev/null
ip addr add 2001::50/128 dev eth0
ip addr del 2001::41a:a8ff:fe6f:c67/64 dev eth0
../../guestbin/wait-for.sh --timeout 60 --match '^2$' -- grep -c accepted /var/log/daemon.log
../../guestbin/ping-once.sh --up -I 2001:1::10 2001:1::1
../../guestbin/ping-once.sh --up -I 2001:1::10 fec1::10
# what was under way crosses the move
kill -INT $ping; wait $ping
awk '/transmitted/ { print ($1 - $4 <= 20 && $4 >= 4 ? "at most 20 packets lost" : $0) }' /tmp/ping; cp /tmp/ping OUTPUT/carol.ping.txt
ipsec statusall | sed 's,/MODP_2048_BIT\, rekeying,\, rekeying,'
ip xfrm state | grep -v anti-replay
