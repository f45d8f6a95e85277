ios --start router1.cfg
ios debug crypto ikev2 packet
ios debug crypto ikev2 internal
