ipsec whack --suspend --name west-east
# no SA is left, the ticket is
ipsec trafficstatus
ipsec connectionstatus west-east | grep ticket
