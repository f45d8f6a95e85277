wget -q -O - --bind-address=192.168.3.1 192.168.5.1/index.html
wget -q -O - --bind-address=192.168.3.1 192.168.5.1/large.txt | cksum
