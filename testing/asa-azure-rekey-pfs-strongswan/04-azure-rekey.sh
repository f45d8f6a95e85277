swanctl --rekey --child UKSouth-HQ-S2S
# it asks again without a group, gets what it has not proposed, and gives up for some seconds
../../guestbin/wait-for.sh --match 'CHILD_SA rekeying failed' -- cat OUTPUT/azure.charon.log | grep -o -m 1 'CHILD_SA rekeying failed'
