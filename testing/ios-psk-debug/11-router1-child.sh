../../guestbin/wait-for.sh --match 'MsgID = 00000001 CurState: EXIT Event: EV_NO_EVENT' -- cat /tmp/ios.log
cat /tmp/ios.log
ios show crypto ikev2 sa
