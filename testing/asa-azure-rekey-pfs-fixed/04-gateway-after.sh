asa show running-config
# how much the new Child SA has carried depends on when the old one was replaced
asa show crypto ipsec sa | grep -v -e '#pkts' -e 'sa timing' -e bitmap -e '0x[0-9A-F]* 0x'
../../guestbin/ping-once.sh --up -I 10.0.0.1 172.16.0.1
