# a Child SA of 120 s is replaced after 90 s
../../guestbin/wait-for.sh --timeout 120 --match 'MsgID = 00000001 CurState: EXIT Event: EV_NO_EVENT' -- cat /tmp/ios.log
cat /tmp/ios.log
ios ping 192.168.1.1 source Loopback0
