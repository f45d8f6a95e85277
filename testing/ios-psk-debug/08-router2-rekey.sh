# now router2 begins; its Child SA is to be replaced by volume
ios configure terminal
ios crypto ipsec profile phse2-prof
ios set security-association lifetime kilobytes 2560
ios end
../../guestbin/wait-until-alive -I 192.168.2.1 192.168.1.1
ios debug crypto ikev2 packet
ios debug crypto ikev2 internal
: > /tmp/ios.log
# an IKE SA of 120 s is replaced after 61 s, and the old one deleted
../../guestbin/wait-for.sh --timeout 120 --match 'Deleting SA' -- cat /tmp/ios.log
cat /tmp/ios.log
: > /tmp/ios.log
