../../guestbin/tcpdump.sh --start -i eth1
ping -n -q -c 2 -i 0.2 -I 192.168.3.1 192.168.5.1 | grep packets
wget -q -O - --bind-address=192.168.3.1 192.168.5.1/index.html
# what is no ESP, and what is
../../guestbin/tcpdump.sh --stop -i eth1 ip > OUTPUT/tcpdump.txt
grep -c -v -e ESP -e isakmp OUTPUT/tcpdump.txt
grep -q UDP-encap OUTPUT/tcpdump.txt && echo UDP-encap
