ipsec pki --signcrl --cacert OUTPUT/pki/strongswanCert.pem --cakey OUTPUT/pki/caKey.pem --lastcrl OUTPUT/pki/strongswan.crl --reason key-compromise --cert OUTPUT/pki/carolCert.pem --outform pem 2>/dev/null > OUTPUT/pki/new.crl
cp OUTPUT/pki/new.crl /etc/ipsec.d/crls/strongswan.crl
# a strongSwan that has found a certificate good remembers it
ipsec stop >/dev/null 2>&1
rm -f /var/log/charon.log
ipsec start >/dev/null 2>&1
../../guestbin/wait-for.sh --match "rw:.*IKEv2" -- ipsec statusall >/dev/null 2>&1
