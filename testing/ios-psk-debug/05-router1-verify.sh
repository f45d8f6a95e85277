../../guestbin/wait-until-alive -I 192.168.1.1 192.168.2.1
ios ping 192.168.2.1 source 192.168.1.1
ios sh cry ik sa det
ios show crypto ipsec sa | grep -v '#pkts'
ios show crypto session
