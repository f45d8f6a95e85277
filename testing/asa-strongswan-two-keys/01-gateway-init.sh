asa --start ../asa-azure-rekey-pfs/asa.conf
asa configure terminal
# strongSwan's ESP in user space needs UDP
asa no crypto map CRYPTO-MAP 2 set nat-t-disable
asa tunnel-group 203.0.113.2 ipsec-attributes
asa ikev2 local-authentication pre-shared-key the-key-of-the-asa-0123456789
asa ikev2 remote-authentication pre-shared-key the-key-of-azure-0123456789
asa end
