# expected to fail
ipsec up west-east
ipsec trafficstatus
