# a packet for the other side is what brings the tunnel up
../../guestbin/ping-once.sh --forget -I 192.168.1.1 192.168.2.1
../../guestbin/wait-for.sh --match 'CurState: READY Event: EV_I_OK' -- cat /tmp/ios.log
cat /tmp/ios.log
ios undebug all
