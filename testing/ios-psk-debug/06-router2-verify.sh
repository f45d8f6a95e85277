ios show crypto ikev2 sa detailed
ios show crypto ipsec sa | grep -v '#pkts'
ios show cry session
ios show crypto sesion
ios show running-config
