vpp unix { startup-config startup.vpp }
vppctl set interface lan0 up
vppctl ipsec sa add 10 spi 1000 esp crypto-key 4a506a794f574265564551694d653768 crypto-alg aes-cbc-128 integ-key 4a506a794f574265564551694d653768 sha1-96 tunnel-src 2001::1 tunnel-dst 2001::2
# the page as it is meant
vppctl loopback create
vppctl set int state loop0 up
vppctl set int ip address loop0 11.11.11.11/31
vppctl set ip neighbor loop0 11.11.11.10 24:6e:96:9c:e5:df
vppctl set interface state lan0 up
vppctl set interface ip address lan0 172.16.0.2/16
vppctl set interface state wan0 up
vppctl set interface ip address wan0 2001::1/48
vppctl ipsec sa add 10 spi 1000 esp crypto-key 4a506a794f574265564551694d653768 crypto-alg aes-cbc-128 integ-key 4339314b55523947594d6d3547666b45764e6a58 integ-alg sha1-96 tunnel-src 2001::1 tunnel-dst 2001::2
vppctl ipsec spd add 1
vppctl set interface ipsec spd loop0 1
vppctl ipsec policy add spd 1 priority 100 inbound action bypass protocol 50
vppctl ipsec policy add spd 1 priority 100 outbound action bypass protocol 50
vppctl ipsec policy add spd 1 priority 10 outbound action protect sa 10 local-ip-range 172.16.0.0 - 172.16.255.255 remote-ip-range 10.6.0.0 - 10.6.255.255
vppctl ip route add 10.6.0.0/16 via 11.11.11.10 loop0
vppctl ipsec spd add 2
vppctl ipsec sa add 30 spi 1001 esp crypto-key 4a506a794f574265564551694d653768 crypto-alg aes-cbc-128 integ-key 4339314b55523947594d6d3547666b45764e6a58 integ-alg sha1-96 tunnel-src 2001::2 tunnel-dst 2001::1
vppctl ipsec policy add spd 2 ip6 priority 200 outbound action bypass protocol 50
vppctl ipsec policy add spd 2 priority 100 inbound action protect sa 30 local-ip-range 2001::1 - 2001::1 remote-ip-range 2001::2 - 2001::2
vppctl set interface ipsec spd wan0 2
