grep mip6d /var/log/daemon.log
/etc/init.d/mip6d stop
