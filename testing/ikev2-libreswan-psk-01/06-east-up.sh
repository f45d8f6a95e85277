ipsec trafficstatus
ipsec up west-east
../../guestbin/ping-once.sh --up -I 192.0.2.254 192.0.1.254
ipsec trafficstatus
