swanctl --rekey --child tunnel | tail -n 1
../../guestbin/wait-for.sh --timeout 60 --match '2001::50' -- ip xfrm state list reqid 2 | grep -c 'dst 2001::50'
