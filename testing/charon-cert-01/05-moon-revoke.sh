ipsec status
ipsec pki --signcrl --cacert OUTPUT/pki/strongswanCert.pem --cakey OUTPUT/pki/caKey.pem --lastcrl OUTPUT/pki/strongswan.crl --reason key-compromise --cert OUTPUT/pki/carolCert.pem --outform pem > OUTPUT/pki/new.crl
cp OUTPUT/pki/new.crl /etc/ipsec.d/crls/strongswan.crl
ipsec rereadcrls
