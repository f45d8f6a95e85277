../../guestbin/http-server.sh --stop
grep -o 'IPsec transport \[.*\]' /tmp/pluto.log
