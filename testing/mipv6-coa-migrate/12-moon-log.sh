../../guestbin/wait-for.sh --timeout 60 --match 'ip6tnl1 deactivated' -- grep 'NL. interface' /var/log/daemon.log
../../guestbin/wait-for.sh --timeout 60 --match ended -- grep mip6d /var/log/daemon.log
grep charon: /var/log/daemon.log
grep mip6d /var/log/daemon.log | grep -v 'attempt\|Prefix'
/etc/init.d/mip6d stop
ip xfrm policy list nosock
