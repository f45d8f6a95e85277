# before the page begins: neither end has the list, and each fetches it while IKE_AUTH waits
./install.sh carol
ipsec start
/etc/init.d/mip6d start
../../guestbin/wait-for.sh --timeout 60 --match 'CHILD_SA tunnel{2} established' -- cat /var/log/daemon.log
sed -n '/getting address/d; s/[0-9a-f]\{40\}/KEYID/; s/([0-9]* bytes)/(N bytes)/; /checking/,/written/p' /var/log/daemon.log
/etc/init.d/mip6d stop
ipsec stop
# it is kept, under its authority's key; on the page under a name
mv /etc/ipsec.d/crls/*.crl /etc/ipsec.d/crls/strongswan.crl
rm /var/log/daemon.log
