asa --start asa.conf
asa show crypto ipsec sa
