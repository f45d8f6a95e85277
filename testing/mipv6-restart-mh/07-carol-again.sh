/etc/init.d/mip6d restart
../../guestbin/wait-for.sh --timeout 60 --match '^3$' -- grep -c accepted /var/log/daemon.log
../../guestbin/ping-once.sh --up -I 2001:1::10 fec1::10
/etc/init.d/mip6d stop
