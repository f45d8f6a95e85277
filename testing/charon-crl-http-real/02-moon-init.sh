cp moon.charon.conf /etc/strongswan.conf
cp moon.ipsec.conf /etc/ipsec.conf
mkdir -p /etc/ipsec.d/cacerts /etc/ipsec.d/certs /etc/ipsec.d/private /etc/ipsec.d/crls /etc/ipsec.d/aacerts /etc/ipsec.d/ocspcerts /etc/ipsec.d/acerts
cp OUTPUT/pki/strongswanCert.pem /etc/ipsec.d/cacerts
cp OUTPUT/pki/moonCert.pem /etc/ipsec.d/certs
cp OUTPUT/pki/moonKey.pem /etc/ipsec.d/private
echo ": RSA moonKey.pem" > /etc/ipsec.secrets
ipsec start >/dev/null 2>&1
../../guestbin/wait-for.sh --match "rw:.*IKEv2" -- ipsec statusall >/dev/null 2>&1
