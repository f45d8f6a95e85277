../../guestbin/swan-prep --nokeys
../../guestbin/test-pki.sh OUTPUT/pki root
../../guestbin/test-pki.sh OUTPUT/pki end west ecdsa
../../guestbin/test-pki.sh OUTPUT/pki end east ecdsa
ipsec import OUTPUT/pki/east.p12 -W foobar
ipsec start
../../guestbin/wait-until-pluto-started
ipsec add west-east
echo "initdone"
