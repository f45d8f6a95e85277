ipsec whack --impair revival
ipsec down west-east
ipsec newhostkey --quiet
ipsec showhostkey --list | grep -c RSA
# neither of two keys is meant
ipsec showhostkey --left
rm /var/lib/ipsec/nss/keys/*
ipsec newhostkey --quiet
ipsec showhostkey --left >>/etc/ipsec.conf
ipsec add west-east
# expected to fail
ipsec up west-east
