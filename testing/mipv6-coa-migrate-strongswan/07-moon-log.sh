grep -c 'received a XFRM_MSG_MIGRATE' OUTPUT/moon.charon.log
grep -o 'kmaddress: .*\|creating migrate job.*' OUTPUT/moon.charon.log
/etc/init.d/mip6d stop
