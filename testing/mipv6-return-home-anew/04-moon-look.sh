# the SAs of before are there until nobody can ask again
../../guestbin/wait-for.sh --timeout 60 --match 'IKE_SA deleted' -- cat /var/log/daemon.log
ipsec statusall | grep -c ESTABLISHED
ip xfrm state | grep -c 'proto esp'
grep -c kmaddress: /var/log/daemon.log
