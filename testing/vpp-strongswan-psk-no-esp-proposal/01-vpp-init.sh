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
vppctl show ikev2 profile
