ipsec status
grep -e CFG -e LIB /var/log/charon.log | grep -v plugins | sed 's/^[0-9]*//'
