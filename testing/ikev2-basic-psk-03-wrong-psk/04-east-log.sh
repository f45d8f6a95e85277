grep AUTHENTICATION_FAILED /tmp/pluto.log | grep -v "^|"
ipsec trafficstatus
