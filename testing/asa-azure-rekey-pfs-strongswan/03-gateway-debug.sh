asa debug crypto ipsec 255
asa debug crypto ikev2 protocol 255
asa debug crypto ikev2 platform 255
