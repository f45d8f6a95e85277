../../guestbin/wait-for-pluto.sh "authentication failed"
grep "authenticated peer" /tmp/pluto.log
