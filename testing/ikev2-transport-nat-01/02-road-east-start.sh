../../guestbin/swan-prep --nokeys
ipsec start
../../guestbin/wait-until-pluto-started
ipsec add road-east
mkdir /tmp/www; head -c 100000 /dev/zero >/tmp/www/page
../../guestbin/http-server.sh --start /tmp/www
