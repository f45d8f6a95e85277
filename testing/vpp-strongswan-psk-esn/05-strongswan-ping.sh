ping -n -q -c 2 -i 0.2 -I 192.168.3.1 192.168.5.1 | sed -n 's/, time.*//p'
