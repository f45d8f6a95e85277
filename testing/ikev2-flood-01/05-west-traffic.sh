# five seconds of traffic, beside all that follows
ping -n -q -i 0.01 -c 500 -I 192.0.1.254 192.0.2.254 >/tmp/ping.txt 2>&1 &
