cp ipsec.conf ipsec.secrets /etc
ipsec start
ipsec up net-net
ipsec status
