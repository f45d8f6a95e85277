../../guestbin/http-server.sh --stop
