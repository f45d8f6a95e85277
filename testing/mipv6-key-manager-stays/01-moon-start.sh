cp moon.ipsec.conf /etc/ipsec.conf
cp ipsec.secrets strongswan.conf /etc
ipsec start
/etc/init.d/mip6d start
