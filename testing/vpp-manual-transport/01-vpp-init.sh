vpp unix { startup-config startup.vpp }
vppctl set int ip address GigabitEthernet0/8/0 192.168.100.3/24
vppctl set int state GigabitEthernet0/8/0 up
vppctl set ip arp GigabitEthernet0/8/0 192.168.100.2 08:00:27:12:3c:cc
vppctl ipsec sa add 10 spi 1001 esp crypto-alg aes-cbc-128 crypto-key 4a506a794f574265564551694d653768 integ-alg sha1-96 integ-key 4339314b55523947594d6d3547666b45764e6a58
vppctl ipsec sa add 20 spi 1000 esp crypto-alg aes-cbc-128 crypto-key 4a506a794f574265564551694d653768 integ-alg sha1-96 integ-key 4339314b55523947594d6d3547666b45764e6a58
vppctl ipsec spd add 1
vppctl set interface ipsec spd GigabitEthernet0/8/0 1
vppctl ipsec policy add spd 1 priority 100 inbound action bypass protocol 50
vppctl ipsec policy add spd 1 priority 100 outbound action bypass protocol 50
vppctl ipsec policy add spd 1 priority 10 inbound action protect sa 20 local-ip-range 192.168.100.3 - 192.168.100.3 remote-ip-range 192.168.100.2 - 192.168.100.2
vppctl ipsec policy add spd 1 priority 10 outbound action protect sa 10 local-ip-range 192.168.100.3 - 192.168.100.3 remote-ip-range 192.168.100.2 - 192.168.100.2
