../../guestbin/wait-for.sh --timeout 60 --match '^2$' -- sh -c 'ip xfrm state list reqid 2 | grep -c "^src"'
ip xfrm state list reqid 2 | grep '^src'
