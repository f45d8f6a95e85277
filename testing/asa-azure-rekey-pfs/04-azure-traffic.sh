# 2200 packets of 1028 octets are more than 2048 kilobytes: then it wants another Child SA, with PFS, and does not get it
ping -f -q -c 2200 -s 1000 -I 172.16.0.1 10.0.0.1 | grep -o '2200 packets transmitted'
