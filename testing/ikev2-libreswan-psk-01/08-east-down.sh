ipsec down west-east
ipsec trafficstatus
