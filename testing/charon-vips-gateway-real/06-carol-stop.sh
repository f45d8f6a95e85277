ipsec stop >/dev/null 2>&1
