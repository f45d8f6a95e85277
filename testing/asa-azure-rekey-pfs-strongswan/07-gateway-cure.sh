asa configure terminal
asa crypto map CRYPTO-MAP 2 set pfs group19
asa end
