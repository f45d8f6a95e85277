swanctl --initiate --child UKSouth-HQ-S2S | tail -n 1
../../guestbin/ping-once.sh --up -I 172.16.0.1 10.0.0.1
swanctl --terminate --ike UKSouth-HQ-S2S | tail -n 1
