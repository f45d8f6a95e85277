sed -n '/getting address/d; s/[0-9a-f]\{40\}/KEYID/; s/([0-9]* bytes)/(N bytes)/; /checking/,/written/p' /var/log/daemon.log
/etc/init.d/mip6d stop
ipsec stop
mv /etc/ipsec.d/crls/*.crl /etc/ipsec.d/crls/strongswan.crl
rm /var/log/daemon.log
ipsec start
/etc/init.d/mip6d start
