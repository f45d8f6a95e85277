../../guestbin/http-server.sh --stop
grep -e crl -e status /var/log/charon.log | sed -e 's/^[0-9]*//' -e 's/after [0-9]* ms/after N ms/' -e 's/[0-9a-f]\{40\}/KEYID/' -e 's/([0-9]* bytes)/(N bytes)/'
ipsec stop >/dev/null 2>&1
