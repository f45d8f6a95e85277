../../guestbin/wait-for.sh --timeout 60 --match '^4$' -- grep -c 'CHILD_SA .* established' /var/log/daemon.log
../../guestbin/ping-once.sh --up -I 2001:1::10 2001:1::1
../../guestbin/ping-once.sh --up -I 2001:1::10 fec1::10
ipsec stop
/etc/init.d/mip6d stop
