ipsec trafficstatus
ipsec showstates
