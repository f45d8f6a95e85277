cp moon.strongswan.conf /etc/strongswan.conf
cp moon.ipsec.conf /etc/ipsec.conf
mkdir -p /etc/swanctl
cp moon.swanctl.conf /etc/swanctl/swanctl.conf
echo ': PSK "Vpp123"' > /etc/ipsec.secrets
ipsec start
ipsec leases
swanctl --load-all
swanctl --list-pools
