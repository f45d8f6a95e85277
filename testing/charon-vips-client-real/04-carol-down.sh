ipsec down home | tail -1
ipsec down wish | tail -1
ipsec down none | tail -1
../../guestbin/ip-addr-show.sh | grep 10.3.1
