# five hundred pings, beside all that follows
(for i in {1..500}; do ping -n -q -W 3 -c 1 -I 192.0.1.254 192.0.2.254; done | grep -c ' 1 received') >/tmp/ping.txt 2>&1 &
