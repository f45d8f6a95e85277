asa show running-config
asa show crypto ipsec sa
../../guestbin/ping-once.sh --up -I 10.0.0.1 172.16.0.1
