./install.sh moon
ipsec start
/etc/init.d/mip6d start
