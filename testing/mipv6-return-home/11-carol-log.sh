grep mip6d /var/log/daemon.log | grep -v 'attempt\|Prefix'
grep -o 'kmaddress: .*' /var/log/daemon.log
/etc/init.d/mip6d stop
