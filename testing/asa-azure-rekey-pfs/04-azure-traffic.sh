# 1600 packets of 1428 octets are more than 2048 kilobytes: then it wants another Child SA, with PFS, and does not get it
ping -f -q -c 1600 -s 1400 -I 172.16.0.1 10.0.0.1 | grep -o '1600 packets transmitted'
