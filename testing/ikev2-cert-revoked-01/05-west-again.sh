ipsec whack --impair revival
ipsec down west-east
# expected to fail
ipsec up west-east
ipsec trafficstatus
