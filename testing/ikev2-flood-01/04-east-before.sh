ipsec status | grep -e 'DDoS cookies' -e 'IKE SAs'
memory() { awk '/VmRSS/ { print $2 }' /proc/$(cat /run/pluto/pluto.pid)/status; }
before=$(memory)
