# the kernel's own states
ip xfrm state | grep -o -e 'mode tunnel' -e 'flag .*esn' -e 'encap .*'
swanctl --terminate --ike net-net > OUTPUT/terminate.txt; tail -n 1 OUTPUT/terminate.txt
