wait
cat /tmp/ping.txt
../../guestbin/ping-once.sh --up -I 192.0.1.254 192.0.2.254
