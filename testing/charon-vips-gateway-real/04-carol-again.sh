ipsec down home | tail -1
ipsec up home | grep -e virtual
ipsec down dave | tail -1
