cp carol.strongswan.conf /etc/strongswan.conf
cp carol.ipsec.conf /etc/ipsec.conf
echo ': PSK "Vpp123"' > /etc/ipsec.secrets
ipsec start
grep -e both -e beside /var/log/charon.log | sed 's/^[0-9]*//'
ipsec up home
../../guestbin/ip-addr-show.sh | grep 10.3.1
../../guestbin/ping-once.sh --up -I 10.3.1.65 10.1.0.1
ipsec up wish
swanctl --list-sas
# a gateway that gives addresses wants to be asked for one
ipsec up none | tail -4
ipsec down home | tail -1
../../guestbin/ip-addr-show.sh | grep 10.3.1
ipsec up home | grep virtual
ipsec status
