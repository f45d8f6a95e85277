swanctl --initiate --child UKSouth-HQ-S2S | tail -n 1
swanctl --rekey --child UKSouth-HQ-S2S
../../guestbin/wait-for.sh --match 'ESP:AES_GCM_16-128/ECP_256' -- swanctl --list-sas | grep -o 'ESP:.*'
../../guestbin/ping-once.sh --up -I 172.16.0.1 10.0.0.1
