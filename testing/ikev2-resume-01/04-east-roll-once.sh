# cause secrets to rollover
ipsec whack --impair trigger:EVENT_REINIT_SECRET
