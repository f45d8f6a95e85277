ipsec up west-east
../../guestbin/ping-once.sh --up -I 192.0.1.254 192.0.2.254
ipsec trafficstatus
# west rekeys both
ipsec whack --rekey-child --name west-east
../../guestbin/ping-once.sh --up -I 192.0.1.254 192.0.2.254
ipsec whack --rekey-ike --name west-east
../../guestbin/ping-once.sh --up -I 192.0.1.254 192.0.2.254
