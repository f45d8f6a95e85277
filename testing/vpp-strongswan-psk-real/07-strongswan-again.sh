wget -q -O - --bind-address=192.168.3.1 192.168.5.1/index.html
swanctl --terminate --ike net-net > OUTPUT/terminate.txt; tail -n 1 OUTPUT/terminate.txt
