ipsec status 2>/dev/null
grep -e 'CFG.*rw' /var/log/charon.log | grep -v plugins | sed 's/^[0-9]*//'
ipsec stop >/dev/null 2>&1
