ipsec statusall
ip xfrm policy list nosock
ip xfrm state | grep -v anti-replay
