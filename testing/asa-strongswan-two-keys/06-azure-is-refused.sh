swanctl --initiate --child UKSouth-HQ-S2S 2>&1 | grep -E 'received AUTH|initiate' | sed 's/^.IKE. //'
