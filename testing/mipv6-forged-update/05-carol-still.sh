../../guestbin/ping-once.sh --up -I 2001:1::10 fec1::10
