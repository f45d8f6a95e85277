cat OUTPUT/west.hostkey OUTPUT/east.hostkey >>/etc/ipsec.conf
ipsec start
../../guestbin/wait-until-pluto-started
ipsec add west-east
