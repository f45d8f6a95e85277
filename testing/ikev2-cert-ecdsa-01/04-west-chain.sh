# east's certificate, and the authority between
grep -o "IKE_AUTH response containing [A-Za-z,]*" /tmp/pluto.log
# without trust in the root there is none in east
ipsec whack --impair revival
ipsec down west-east
ipsec certutil -M -n root -t ,,
ipsec rereadsecrets
# expected to fail
ipsec up west-east
