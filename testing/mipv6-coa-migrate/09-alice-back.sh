../../guestbin/ping-once.sh --up -I fec1::10 2001:1::10
