../../guestbin/wait-for-pluto.sh "authentication failed"
ipsec trafficstatus
