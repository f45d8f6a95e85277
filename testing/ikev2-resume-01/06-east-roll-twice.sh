# roll over key twice; looses key west used
ipsec whack --impair trigger:EVENT_REINIT_SECRET
ipsec whack --impair trigger:EVENT_REINIT_SECRET
