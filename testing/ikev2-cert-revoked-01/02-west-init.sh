../../guestbin/swan-prep --nokeys
ipsec import OUTPUT/pki/west.p12 -W wrong
ipsec import OUTPUT/pki/west.p12 -W foobar
ipsec start
../../guestbin/wait-until-pluto-started
ipsec add west-east
