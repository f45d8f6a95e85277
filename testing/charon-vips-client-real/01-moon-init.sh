cp moon.charon.conf /etc/strongswan.conf
cp moon.ipsec.conf /etc/ipsec.conf
echo ': PSK "Vpp123"' > /etc/ipsec.secrets
mkdir -p /etc/ipsec.d/cacerts /etc/ipsec.d/aacerts /etc/ipsec.d/ocspcerts /etc/ipsec.d/acerts /etc/ipsec.d/crls
ipsec start >/dev/null 2>&1
../../guestbin/wait-for.sh --match "rw:.*IKEv2" -- ipsec statusall >/dev/null 2>&1
