ipsec leases
