../../guestbin/http-server.sh --start OUTPUT/www
