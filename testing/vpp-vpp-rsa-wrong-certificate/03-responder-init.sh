vpp unix { startup-config /testing/pluto/vpp-vpp-rsa-wrong-certificate/responder.vpp }
vppctl set interface state TenGigabitEthernet5/0/0 up
vppctl set interface ip address TenGigabitEthernet5/0/0 192.168.4.1/24
vppctl set interface state TenGigabitEthernet5/0/1 up
vppctl set interface ip address TenGigabitEthernet5/0/1 192.168.3.1/24
vppctl ikev2 profile add pr1
vppctl ikev2 profile set pr1 auth rsa-sig cert-file /testing/pluto/vpp-vpp-rsa-wrong-certificate/other-cert.pem
vppctl set ikev2 local key /testing/pluto/vpp-vpp-rsa-wrong-certificate/server-key.pem
vppctl ikev2 profile set pr1 id remote fqdn vpp.home
vppctl ikev2 profile set pr1 id local fqdn roadwarrior.vpn.example.com
vppctl ikev2 profile set pr1 traffic-selector remote ip-range 192.168.5.0 - 192.168.5.255 port-range 0 - 65535 protocol 0
vppctl ikev2 profile set pr1 traffic-selector local ip-range 192.168.3.0 - 192.168.3.255 port-range 0 - 65535 protocol 0
