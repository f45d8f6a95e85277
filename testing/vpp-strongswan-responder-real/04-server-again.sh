ping -n -q -c 2 -i 0.2 192.168.3.1 | sed -n 's/, time.*//p'
