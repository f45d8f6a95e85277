wait
grep -o '[0-9]* packets transmitted, [0-9]* received' /tmp/ping.txt
../../guestbin/ping-once.sh --up -I 192.0.1.254 192.0.2.254
