wget -q -O - --bind-address=192.168.3.1 192.168.5.1/index.html
# how many of the packets were not protected, and how those were that were
../../guestbin/tcpdump.sh --stop -i eth1 ip > OUTPUT/tcpdump.txt
grep -c -v -e ESP -e isakmp OUTPUT/tcpdump.txt
grep -m 1 -o 'ESP(' OUTPUT/tcpdump.txt
