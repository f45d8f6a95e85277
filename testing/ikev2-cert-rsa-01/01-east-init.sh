../../guestbin/swan-prep --nokeys
../../guestbin/test-pki.sh OUTPUT/pki root
../../guestbin/test-pki.sh OUTPUT/pki end west rsa
../../guestbin/test-pki.sh OUTPUT/pki end east rsa
ipsec import OUTPUT/pki/east.p12 -W foobar
ipsec certutil -L
ipsec start
../../guestbin/wait-until-pluto-started
ipsec add west-east
echo "initdone"
