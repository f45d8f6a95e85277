ipsec up road-east
../../guestbin/ping-once.sh --up 192.1.2.23
ipsec trafficstatus
curl -s http://192.1.2.23/page | wc -c
# it came by the Child SA
ipsec trafficstatus | grep -o 'inBytes=1[0-9]\{5\}' | wc -l
