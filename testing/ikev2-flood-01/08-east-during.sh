# as many as the threshold, and the rest was told to come back with a cookie
../../guestbin/wait-for.sh --match 'half-open(20)' -- ipsec status >/dev/null
ipsec status | grep -e 'DDoS cookies' -e 'IKE SAs'
# four thousand messages, and not a mebibyte of them is kept
[ $(($(memory) - before)) -lt 1024 ] && echo bounded
