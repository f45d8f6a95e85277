../../guestbin/tcpdump.sh --start -i eth3 esp
ping 192.168.100.3 -c 2 | sed -n 's/ time=.*//p; s/, time.*//p'
../../guestbin/wait-for.sh --match '100.3 > .*seq=0x2' -- tcpdump -n -r /tmp/tcpdump.eth3.pcap > OUTPUT/last.txt
../../guestbin/tcpdump.sh --stop -i eth3 -- -vv | sed 's/, id [0-9]*,/, id ID,/'
setkey -D | grep -e ^192 -e current
