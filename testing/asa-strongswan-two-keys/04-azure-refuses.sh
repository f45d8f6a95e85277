swanctl --initiate --child UKSouth-HQ-S2S 2>&1 | grep -E 'tried|initiate' | sed 's/^.IKE. //'
