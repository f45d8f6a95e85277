# a key of its own that the peer does not know
asa configure terminal
asa tunnel-group 203.0.113.2 ipsec-attributes
asa ikev2 local-authentication pre-shared-key another-key-0123456789
asa end
