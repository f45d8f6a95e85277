ipsec up home | sed -n '/using certificate/,$p'
../../guestbin/ping-once.sh --up -I 10.3.0.1 10.1.0.1
ipsec listcrls | grep -e List -e issuer -e revoked
ipsec down home | tail -1
# it is kept
ipsec up home | sed -n '/checking/,/status is/p'
ipsec down home | tail -1
ipsec pki --signcrl --cacert OUTPUT/pki/strongswanCert.pem --cakey OUTPUT/pki/caKey.pem --reason superseded --cert OUTPUT/pki/moonCert.pem > OUTPUT/www/strongswan.crl
ipsec purgecrls
ipsec up home | sed -n '/checking/,$p'
ipsec status
