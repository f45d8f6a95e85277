../../guestbin/wait-for.sh --match 'negotiation context for peer message ID: 0x3' -- cat /tmp/asa.log
# what the console said until then
sed '/negotiation context for peer message ID: 0x3/q' /tmp/asa.log
asa undebug all
asa show crypto ipsec sa
../../guestbin/ping-once.sh --down -I 10.0.0.1 172.16.0.1
# encapsulation counts on, decapsulation stands still
asa show crypto ipsec sa
asa show vpn-sessiondb detail l2l
asa vpn-sessiondb logoff tunnel-group 203.0.113.2 noconfirm
