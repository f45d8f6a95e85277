cp carol.charon.conf /etc/strongswan.conf
cp carol.ipsec.conf /etc/ipsec.conf
echo ': PSK "Vpp123"' > /etc/ipsec.secrets
mkdir -p /etc/ipsec.d/cacerts /etc/ipsec.d/aacerts /etc/ipsec.d/ocspcerts /etc/ipsec.d/acerts /etc/ipsec.d/crls
ipsec start >/dev/null 2>&1
../../guestbin/wait-for.sh --match "home:.*IKEv2" -- ipsec statusall >/dev/null 2>&1
ipsec up home
../../guestbin/ping-once.sh --up -I 10.3.1.65 10.1.0.1
ipsec up dave | grep -e virtual -e CHILD
../../guestbin/ping-once.sh --up -I 10.3.1.129 10.1.0.1
ipsec up both | grep -e CP -e virtual -e CHILD
ipsec up none | tail -4
ipsec status | grep ===
