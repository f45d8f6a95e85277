../../guestbin/swan-prep --nokeys
ipsec start
../../guestbin/wait-until-pluto-started
ipsec add UKSouth-HQ-S2S
ipsec up UKSouth-HQ-S2S
../../guestbin/ping-once.sh --up -I 172.16.0.1 10.0.0.1
