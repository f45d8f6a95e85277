cp carol.ipsec.conf /etc/ipsec.conf
cp ipsec.secrets strongswan.conf /etc
ipsec start
/etc/init.d/mip6d start
../../guestbin/wait-for.sh --timeout 60 --match '^1$' -- grep -c accepted /var/log/daemon.log
../../guestbin/ping-once.sh --up -I 2001:1::10 fec1::10
