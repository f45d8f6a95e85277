# more than 2048 kilobytes: the Child SA is replaced on the way
ping -f -q -c 1600 -s 1400 -I 172.16.0.1 10.0.0.1 | grep -o '1600 packets transmitted, 1600 received'
