#!/bin/sh
# install.sh HOST: the host's configuration, key and certificates, where ipsec.conf looks for them.
mkdir -p /etc/ipsec.d/cacerts /etc/ipsec.d/certs /etc/ipsec.d/private /etc/ipsec.d/crls
cp OUTPUT/pki/strongswanCert.pem /etc/ipsec.d/cacerts
cp "OUTPUT/pki/$1Cert.pem" /etc/ipsec.d/certs
cp "OUTPUT/pki/$1Key.pem" /etc/ipsec.d/private
cp "$1.ipsec.conf" /etc/ipsec.conf
cp strongswan.conf /etc
echo ": RSA $1Key.pem" >/etc/ipsec.secrets
