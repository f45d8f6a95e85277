vpp unix { startup-config startup.vpp }
vppctl set int state GigabitEthernet0/8/0 up
vppctl set int ip address GigabitEthernet0/8/0 192.168.100.3/24
vppctl ikev2 profile add pr1
vppctl ikev2 profile set pr1 auth shared-key-mic string Vpp123
vppctl ikev2 profile set pr1 id local fqdn vpp.home
vppctl ikev2 profile set pr1 id remote fqdn roadwarrior.vpn.example.com
vppctl ikev2 profile set pr1 traffic-selector local ip-range 192.168.124.0 - 192.168.124.255 port-range 0 - 65535 protocol 0
vppctl ikev2 profile set pr1 traffic-selector remote ip-range 192.168.125.0 - 192.168.125.255 port-range 0 - 65535 protocol 0
