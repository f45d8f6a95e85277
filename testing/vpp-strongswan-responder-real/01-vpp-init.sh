vpp unix { startup-config startup.vpp }
vppctl set interface state TenGigabitEthernet4/0/0 up
vppctl set interface ip address TenGigabitEthernet4/0/0 192.168.4.2/24
vppctl set interface state TenGigabitEthernet5/0/0 up
vppctl set interface ip address TenGigabitEthernet5/0/0 192.168.5.2/24
vppctl ikev2 profile add pr1
vppctl ikev2 profile set pr1 auth shared-key-mic string Vpp123
vppctl ikev2 profile set pr1 id local fqdn vpp.home
vppctl ikev2 profile set pr1 id remote fqdn roadwarrior.vpn.example.com
vppctl ikev2 profile set pr1 traffic-selector local ip-range 192.168.5.0 - 192.168.5.255 port-range 0 - 65535 protocol 0
vppctl ikev2 profile set pr1 traffic-selector remote ip-range 192.168.3.0 - 192.168.3.255 port-range 0 - 65535 protocol 0
vppctl ikev2 profile set pr1 responder TenGigabitEthernet4/0/0 192.168.4.1
vppctl ikev2 profile set pr1 ike-crypto-alg aes-cbc 256 ike-integ-alg sha1-96 ike-dh modp-2048
vppctl ikev2 profile set pr1 esp-crypto-alg aes-cbc 192 esp-integ-alg sha1-96 esp-dh ecp-256
vppctl ikev2 profile set pr1 sa-lifetime 3600 10 5 0
vppctl ikev2 initiate sa-init pr1
../../guestbin/wait-for.sh --match ipsec0 -- vppctl show interface
../../guestbin/vpp-hide.sh vppctl show ikev2 sa
vppctl ip route add 192.168.3.0/24 via ipsec0
vppctl set interface state ipsec0 up
vppctl set interface unnumbered ipsec0 use TenGigabitEthernet4/0/0
