# the session was logged off: the tunnel comes up again
../../guestbin/wait-for.sh --match 'established Child SA using #4' -- cat /tmp/pluto.log
../../guestbin/ping-once.sh --up -I 172.16.0.1 10.0.0.1
