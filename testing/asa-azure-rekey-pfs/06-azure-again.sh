# the session was logged off: the tunnel comes up again
../../guestbin/wait-for.sh --match 'IPsec SA established\|established Child SA using #[^1]' -- cat /tmp/pluto.log
../../guestbin/ping-once.sh --up -I 172.16.0.1 10.0.0.1
