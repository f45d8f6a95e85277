mkdir -p OUTPUT/pki OUTPUT/www
ipsec pki --gen --outform pem > OUTPUT/pki/caKey.pem
ipsec pki --self --ca --in OUTPUT/pki/caKey.pem --dn "C=CH, O=Linux strongSwan, CN=strongSwan Root CA" --outform pem > OUTPUT/pki/strongswanCert.pem
ipsec pki --gen --outform pem > OUTPUT/pki/carolKey.pem
ipsec pki --pub --in OUTPUT/pki/carolKey.pem | ipsec pki --issue --cacert OUTPUT/pki/strongswanCert.pem --cakey OUTPUT/pki/caKey.pem --dn "C=CH, O=Linux strongSwan, OU=Research, CN=carol@strongswan.org" --san carol@strongswan.org --crl http://192.168.0.1/strongswan.crl --outform pem > OUTPUT/pki/carolCert.pem
ipsec pki --gen --outform pem > OUTPUT/pki/moonKey.pem
# two places, of which the first has nothing
ipsec pki --pub --in OUTPUT/pki/moonKey.pem | ipsec pki --issue --cacert OUTPUT/pki/strongswanCert.pem --cakey OUTPUT/pki/caKey.pem --dn "C=CH, O=Linux strongSwan, CN=moon.strongswan.org" --san moon.strongswan.org --crl http://moon.strongswan.org/old.crl --crl http://192.168.0.1/strongswan.crl --outform pem > OUTPUT/pki/moonCert.pem
ipsec pki --signcrl --cacert OUTPUT/pki/strongswanCert.pem --cakey OUTPUT/pki/caKey.pem > OUTPUT/www/strongswan.crl
openssl pkcs8 -topk8 -v2 aes-256-cbc -passout pass:nsrocks -in OUTPUT/pki/carolKey.pem -out OUTPUT/pki/carolEncrypted.pem
mkdir -p /etc/ipsec.d/cacerts /etc/ipsec.d/certs /etc/ipsec.d/private /etc/ipsec.d/crls
cp OUTPUT/pki/strongswanCert.pem /etc/ipsec.d/cacerts
cp OUTPUT/pki/carolCert.pem /etc/ipsec.d/certs
cp OUTPUT/pki/carolEncrypted.pem /etc/ipsec.d/private
cp carol.strongswan.conf /etc/strongswan.conf
cp carol.ipsec.conf /etc/ipsec.conf
echo ': RSA carolEncrypted.pem "nsrocks"' > /etc/ipsec.secrets
ipsec start
grep private /var/log/charon.log | sed 's/^[0-9]*//'
