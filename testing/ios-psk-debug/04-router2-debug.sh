../../guestbin/wait-for.sh --match 'CurState: READY Event: EV_NO_EVENT' -- cat /tmp/ios.log
cat /tmp/ios.log
ios undebug all
