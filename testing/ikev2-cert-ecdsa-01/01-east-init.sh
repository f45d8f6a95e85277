../../guestbin/swan-prep --nokeys
../../guestbin/test-pki.sh OUTPUT/pki root
../../guestbin/test-pki.sh OUTPUT/pki authority middle
../../guestbin/test-pki.sh OUTPUT/pki end west ecdsa
../../guestbin/test-pki.sh OUTPUT/pki end east ecdsa middle
ipsec import OUTPUT/pki/east.p12 -W foobar
ipsec certutil -O -n east
ipsec start
../../guestbin/wait-until-pluto-started
ipsec add west-east
echo "initdone"
