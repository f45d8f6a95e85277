ip addr del 2001:1::77/64 dev eth1
../../guestbin/wait-for.sh --timeout 60 --match '^2$' -- grep -c accepted /var/log/daemon.log
../../guestbin/ping-once.sh --up -I 2001:1::10 fec1::10
