ipsec statusall | sed 's,/MODP_2048_BIT\, rekeying,\, rekeying,'
ip xfrm policy list nosock
ip xfrm state | grep -v anti-replay
