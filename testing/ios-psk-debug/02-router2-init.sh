ios --start router2.cfg
ios debug crypto ikev2 packet
ios debug crypto ikev2 internal
