/etc/init.d/mip6d stop
