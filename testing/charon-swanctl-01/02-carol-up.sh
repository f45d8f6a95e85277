swanctl --initiate --child net
../../guestbin/ping-once.sh --up -I 10.3.0.1 10.1.0.1
swanctl --list-sas
swanctl --rekey --child net
swanctl --rekey --ike gw
swanctl --list-sas | grep -v packets
../../guestbin/ping-once.sh --up -I 10.3.0.1 10.1.0.1
swanctl --counters | grep -v ': 0$'
