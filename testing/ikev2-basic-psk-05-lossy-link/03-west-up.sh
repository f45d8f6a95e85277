ipsec up west-east
../../guestbin/ping-once.sh --up -I 192.0.1.254 192.0.2.254
ipsec trafficstatus
# one retransmission for each message that was lost
grep -v '^|' /tmp/pluto.log | grep retransmission
