setkey -D | grep -e ^192 -e current
# one SA goes, once; then all, and the policies stay
echo 'delete 192.168.100.2 192.168.100.3 esp 1000; delete 192.168.100.2 192.168.100.3 esp 1000;' | setkey -c
setkey -D | grep -e ^192
setkey -F
setkey -D
setkey -DP | grep ipsec
/etc/init.d/setkey stop
