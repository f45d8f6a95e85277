../../guestbin/http-server.sh --stop
grep -e crl -e status /var/log/charon.log | sed -e 's/^[0-9]*//' -e 's/after [0-9]* ms/after N ms/'
ipsec stop >/dev/null 2>&1
