ios debug crypto ikev2 packet
ios debug crypto ikev2 internal
ios clear crypto ikev2 sa
../../guestbin/wait-for.sh --match 'Deleting SA' -- cat /tmp/ios.log
sed -n '/READY Event: EV_DELETE/,$p' /tmp/ios.log
: > /tmp/ios.log
