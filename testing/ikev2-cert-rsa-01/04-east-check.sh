# east has seen west's certificate
grep "authenticated peer" /tmp/pluto.log
grep -o "IKE_AUTH request .* containing SK.*" /tmp/pluto.log
