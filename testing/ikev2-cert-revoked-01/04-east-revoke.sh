../../guestbin/test-pki.sh OUTPUT/pki revoke west
ipsec crlutil -I -i OUTPUT/pki/crl.pem
ipsec rereadsecrets
