# so that the last Binding Update has an SA, whichever of the two asked first behind the move
ipsec up mh >/dev/null
/etc/init.d/mip6d stop
