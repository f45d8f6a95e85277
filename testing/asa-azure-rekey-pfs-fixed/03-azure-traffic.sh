# more than 2048 kilobytes: the Child SA is replaced on the way
for i in {1..40}; do ping -q -l 50 -c 50 -W 3 -s 1000 -I 172.16.0.1 10.0.0.1; done | grep -c ' 50 received'
for i in {1..200}; do ping -q -c 1 -W 3 -s 1000 -I 172.16.0.1 10.0.0.1; done | grep -c ' 1 received'
