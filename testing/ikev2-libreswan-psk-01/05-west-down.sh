ipsec trafficstatus
ipsec down west-east
ipsec showstates
