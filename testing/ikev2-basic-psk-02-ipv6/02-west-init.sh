../../guestbin/swan-prep --nokeys --46 # PSK
ipsec start
../../guestbin/wait-until-pluto-started
ipsec add west-east
