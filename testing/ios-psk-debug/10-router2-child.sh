# a quarter of 2560 kilobytes: the Child SA is replaced
ping -f -q -c 900 -s 1000 -I 192.168.2.1 192.168.1.1 | grep -o '900 packets transmitted'
../../guestbin/wait-for.sh --match 'MsgID = 00000001 CurState: EXIT Event: EV_NO_EVENT' -- cat /tmp/ios.log
cat /tmp/ios.log
ios ping 192.168.1.1 source Loopback0
