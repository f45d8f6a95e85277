mkdir -p /etc/ipsec.d/cacerts /etc/ipsec.d/certs /etc/ipsec.d/private /etc/ipsec.d/crls
cp OUTPUT/pki/strongswanCert.pem /etc/ipsec.d/cacerts
cp OUTPUT/pki/moonCert.pem /etc/ipsec.d/certs
cp OUTPUT/pki/moonKey.pem /etc/ipsec.d/private
cp OUTPUT/pki/strongswan.crl /etc/ipsec.d/crls
cp strongswan.conf /etc
cp moon.ipsec.conf /etc/ipsec.conf
echo ": RSA moonKey.pem" > /etc/ipsec.secrets
ipsec start
