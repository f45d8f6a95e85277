kill -9 $(cat /run/mip6d.pid); tail --pid=$(cat /run/mip6d.pid) -s 0.05 -f /dev/null
/etc/init.d/mip6d start
