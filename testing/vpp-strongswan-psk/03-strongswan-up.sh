cp ipsec.conf ipsec.secrets /etc
ipsec restart
../../guestbin/wait-for.sh --match INSTALLED -- ipsec status
