# a large file: its segments leave this host's stack in superpackets
perl -e 'print "VPP and strongSwan\n" x 100000' > site/large.txt
../../guestbin/http-server.sh --start site
# 192.168.5.2 is VPP's: it answers, and the host behind it does not know the address.
ping -n -c 1 -q 192.168.5.2 | grep packets
cksum < site/large.txt
