../../guestbin/wait-for.sh --timeout 60 --match '^2$' -- grep -c 'binding of .* ended' /var/log/daemon.log
/etc/init.d/mip6d stop
../../guestbin/wait-for.sh --timeout 60 --match '^2$' -- grep -c 'IKE_SA deleted' /var/log/daemon.log
