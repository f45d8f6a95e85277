mkdir -p OUTPUT/pki OUTPUT/www
ipsec pki --gen --outform pem > OUTPUT/pki/caKey.pem
ipsec pki --self --ca --in OUTPUT/pki/caKey.pem --dn "C=CH, O=Linux strongSwan, CN=strongSwan Root CA" --outform pem > OUTPUT/pki/strongswanCert.pem
# so that her IKE_AUTH is one packet
ipsec pki --gen --size 1536 --outform pem > OUTPUT/pki/carolKey.pem
ipsec pki --pub --in OUTPUT/pki/carolKey.pem | ipsec pki --issue --cacert OUTPUT/pki/strongswanCert.pem --cakey OUTPUT/pki/caKey.pem --dn "C=CH, O=Linux strongSwan, OU=Research, CN=carol@strongswan.org" --san carol@strongswan.org --crl http://crl.strongswan.org/strongswan.crl --outform pem > OUTPUT/pki/carolCert.pem
ipsec pki --gen --outform pem > OUTPUT/pki/moonKey.pem
ipsec pki --pub --in OUTPUT/pki/moonKey.pem | ipsec pki --issue --cacert OUTPUT/pki/strongswanCert.pem --cakey OUTPUT/pki/caKey.pem --dn "C=CH, O=Linux strongSwan, CN=moon.strongswan.org" --san moon.strongswan.org --crl http://crl.strongswan.org/strongswan.crl --outform pem > OUTPUT/pki/moonCert.pem
ipsec pki --signcrl --cacert OUTPUT/pki/strongswanCert.pem --cakey OUTPUT/pki/caKey.pem > OUTPUT/www/strongswan.crl
