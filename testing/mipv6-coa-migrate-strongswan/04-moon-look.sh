swanctl --list-sas | sed -n "s/^ *\(local\|remote\) *'/\1 '/p"
swanctl --list-sas | grep -o 'INSTALLED, T[A-Z_]*'
ip xfrm policy list nosock
