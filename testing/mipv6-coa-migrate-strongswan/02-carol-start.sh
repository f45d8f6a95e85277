cp carol.ipsec.conf /etc/ipsec.conf
cp ipsec.secrets /etc
ipsec start
/etc/init.d/mip6d start
../../guestbin/wait-for.sh --timeout 60 --match '^2$' -- grep -c 'CHILD_SA .* established' /var/log/daemon.log
../../guestbin/ping-once.sh --up -I 2001:1::10 2001:1::1
../../guestbin/ping-once.sh --up -I 2001:1::10 fec1::10
