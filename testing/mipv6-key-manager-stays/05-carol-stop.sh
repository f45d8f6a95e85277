# so that the last Binding Update has an SA, whichever of the two asked first behind the move
ipsec up mh | grep -o "CHILD_SA mh.* established"
/etc/init.d/mip6d stop
