/etc/init.d/mip6d restart
../../guestbin/wait-until-alive -I 2001:1::10 fec1::10
/etc/init.d/mip6d stop
# somebody's policy for the same packets, with the priority of the one that is to be migrated
ip xfrm policy add src 2001:1::10/128 dst ::/0 dir out priority 10 mark 7
/etc/init.d/mip6d start
# what goes is ESP all the same, inside of the tunnel to the home agent
../../guestbin/ping-once.sh --up -I 2001:1::10 fec1::10
/etc/init.d/mip6d stop
# without it all is well again
ip xfrm policy delete src 2001:1::10/128 dst ::/0 dir out mark 7
/etc/init.d/mip6d start
../../guestbin/wait-until-alive -I 2001:1::10 fec1::10
/etc/init.d/mip6d stop
