# but for what roaming jobs looked up, a tenth of a second behind a change, whatever goes on then
awk '/charon:/ && !(routed == 2 && /getting address/) { print } /CHILD_SA routed/ { routed++ }' /var/log/daemon.log
grep charon: /var/log/daemon.log | sed -n '/2001::50 appeared/,/disappeared/p'
grep mip6d /var/log/daemon.log | grep -v 'attempt\|Prefix'
/etc/init.d/mip6d stop
ip xfrm policy list nosock
