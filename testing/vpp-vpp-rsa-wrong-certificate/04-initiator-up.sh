vpp unix { startup-config /testing/pluto/vpp-vpp-rsa-wrong-certificate/initiator.vpp }
vppctl set interface state TenGigabitEthernet5/0/0 up
vppctl set interface ip address TenGigabitEthernet5/0/0 192.168.5.1/24
vppctl set interface state TenGigabitEthernet4/0/0 up
vppctl set interface ip address TenGigabitEthernet4/0/0 192.168.4.2/24
vppctl ikev2 profile add pr1
vppctl ikev2 profile set pr1 auth rsa-sig cert-file /testing/pluto/vpp-vpp-rsa-wrong-certificate/server-cert.pem
vppctl set ikev2 local key /testing/pluto/vpp-vpp-rsa-wrong-certificate/client-key.pem
vppctl ikev2 profile set pr1 id local fqdn vpp.home
vppctl ikev2 profile set pr1 id remote fqdn roadwarrior.vpn.example.com
vppctl ikev2 profile set pr1 traffic-selector local ip-range 192.168.5.0 - 192.168.5.255 port-range 0 - 65535 protocol 0
vppctl ikev2 profile set pr1 traffic-selector remote ip-range 192.168.3.0 - 192.168.3.255 port-range 0 - 65535 protocol 0
vppctl ikev2 profile set pr1 responder TenGigabitEthernet4/0/0 192.168.4.1
vppctl ikev2 profile set pr1 ike-crypto-alg aes-cbc 256 ike-integ-alg sha1-96 ike-dh modp-2048
vppctl ikev2 profile set pr1 esp-crypto-alg aes-cbc 256 esp-integ-alg sha1-96 esp-dh ecp-256
vppctl ikev2 profile set pr1 sa-lifetime 3600 10 5 0
vppctl ikev2 initiate sa-init pr1
../../guestbin/wait-for.sh --match AUTH_FAILED -- vppctl show logging > OUTPUT/failed.txt
vppctl show logging | ../../guestbin/vpp-hide.sh cat
vppctl show ikev2 sa
vppctl show ipsec tunnel interfaces
