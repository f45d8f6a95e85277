../../guestbin/ping-once.sh --up -I 172.16.0.1 10.0.0.1
swanctl --list-sas | grep -o 'ESP:.*'
