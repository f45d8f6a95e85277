ping 192.168.100.3 -c 2 -i 0.2 | sed -n 's/ time=.*//p; s/, time.*//p'
