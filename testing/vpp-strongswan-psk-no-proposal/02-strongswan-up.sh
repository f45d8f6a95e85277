cp ipsec.conf ipsec.secrets /etc
ipsec start
ipsec up net-net | grep -v -e scheduling -e lifetime
ipsec status | sed "s,[0-9]* second.* ago,<time> ago,"
