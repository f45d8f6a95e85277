asa --start ../asa-azure-rekey-pfs/asa.conf
# strongSwan's ESP in user space needs UDP
asa configure terminal
asa no crypto map CRYPTO-MAP 2 set nat-t-disable
asa end
