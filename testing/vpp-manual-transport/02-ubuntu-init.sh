cp ipsec-tools.conf /etc/ipsec-tools.conf
ifconfig eth3 192.168.100.2 netmask 255.255.255.0 up
arp -s 192.168.100.3 08:00:27:43:a9:5b
/etc/init.d/setkey start
setkey -D
setkey -DP
