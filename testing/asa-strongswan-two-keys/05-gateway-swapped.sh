# both keys, and each in the place of the other
asa configure terminal
asa tunnel-group 203.0.113.2 ipsec-attributes
asa ikev2 local-authentication pre-shared-key the-key-of-azure-0123456789
asa ikev2 remote-authentication pre-shared-key the-key-of-the-asa-0123456789
asa end
