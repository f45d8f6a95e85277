# almost 2048 kilobytes; then packet by packet, and the Child SA is replaced on the way
for i in {1..200}; do ping -q -l 10 -c 10 -W 3 -s 1000 -I 172.16.0.1 10.0.0.1; done >/dev/null
for i in {1..200}; do ping -q -c 1 -W 3 -s 1000 -I 172.16.0.1 10.0.0.1; done | grep -c ' 1 received'
