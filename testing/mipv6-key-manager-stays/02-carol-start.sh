cp carol.ipsec.conf /etc/ipsec.conf
cp ipsec.secrets strongswan.conf /etc
ipsec start
/etc/init.d/mip6d start
../../guestbin/wait-for.sh --timeout 60 --match 'CHILD_SA tunnel{2} established' -- grep "CHILD_SA\|binding" /var/log/daemon.log
../../guestbin/ping-once.sh --up -I 2001:1::10 fec1::10
