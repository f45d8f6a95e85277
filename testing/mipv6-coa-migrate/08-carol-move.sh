ping -n -i 0.1 -I 2001:1::10 fec1::10 >/tmp/alice.ping 2>&1 & alice=$!
ping -n -i 0.1 -I 2001:1::10 2001:1::1 >/tmp/moon.ping 2>&1 & moon=$!
../../guestbin/wait-for.sh --match 'icmp_seq=3 ' -- cat /tmp/alice.ping >/dev/null
../../guestbin/wait-for.sh --match 'icmp_seq=3 ' -- cat /tmp/moon.ping >/dev/null
ip addr add 2001::50/128 dev eth0
../../guestbin/wait-for.sh --timeout 60 --match 'getting address' -- sed -n '/2001::50 appeared/,$p' /var/log/daemon.log
ip addr del 2001::41a:a8ff:fe6f:c67/64 dev eth0
../../guestbin/wait-for.sh --timeout 60 --match '^2$' -- grep -c accepted /var/log/daemon.log
../../guestbin/ping-once.sh --up -I 2001:1::10 2001:1::1
../../guestbin/ping-once.sh --up -I 2001:1::10 fec1::10
# what was under way crosses the move
kill -INT $alice $moon; wait $alice $moon
awk '/transmitted/ { print FILENAME ": " ($1 - $4 <= 20 && $4 >= 4 ? "at most 20 packets lost" : $0) }' /tmp/alice.ping /tmp/moon.ping; cp /tmp/alice.ping /tmp/moon.ping OUTPUT
ipsec statusall
ip xfrm state | grep -v anti-replay
