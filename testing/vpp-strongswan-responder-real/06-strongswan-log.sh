# what came, what was answered, and what stands in the end
../../guestbin/wait-for.sh --match 'INFORMATIONAL response 5' -- grep -o 'generating INFORMATIONAL response 5' OUTPUT/strongswan.charon.log
sed -n 's/.*\(parsed [A-Z_]* request.*\|generating [A-Z_]* response.*\)$/\1/p' OUTPUT/strongswan.charon.log
grep -o 'selected proposal: .*' OUTPUT/strongswan.charon.log
swanctl --list-sas
