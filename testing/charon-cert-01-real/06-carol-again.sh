# expected to fail
ipsec up home | tail -3
ipsec status
