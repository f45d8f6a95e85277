# who is on her home link learns where she is without asking
../../guestbin/ping-once.sh --up -I 2001:1::fe 2001:1::10
ip -6 neigh show 2001:1::10 dev eth1 | grep -o 'lladdr [^ ]*'
