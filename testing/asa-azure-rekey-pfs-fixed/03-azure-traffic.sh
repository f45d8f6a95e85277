# more than 2048 kilobytes: the Child SA is replaced on the way
ping -f -q -c 2200 -s 1000 -I 172.16.0.1 10.0.0.1 | grep -o '2200 packets transmitted, 2200 received'
