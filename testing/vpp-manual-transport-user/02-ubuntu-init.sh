ifconfig eth3 192.168.100.2 netmask 255.255.255.0 up
arp -s 192.168.100.3 08:00:27:43:a9:5b
setkey -c < ../vpp-manual-transport/ipsec-tools.conf
setkey -D | grep -e ^192 -e state
