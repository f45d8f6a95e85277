ping -n -q -c 3 -i 0.2 10.6.0.1 | sed -n 's/, time.*//p'
