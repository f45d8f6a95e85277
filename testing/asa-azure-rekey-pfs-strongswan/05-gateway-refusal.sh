# the refusal, and what strongSwan does then
sed '/Received PFKEY delete SA/q' /tmp/asa.log
asa undebug all
