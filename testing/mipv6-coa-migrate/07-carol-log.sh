grep charon: /var/log/daemon.log
grep mip6d /var/log/daemon.log | grep -v 'attempt\|Prefix'
/etc/init.d/mip6d stop
ip xfrm policy list nosock
