/etc/init.d/mip6d start
