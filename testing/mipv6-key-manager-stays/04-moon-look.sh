grep -o 'IKE_SA .* established between.*\|IKE_SA deleted' /var/log/daemon.log | sort
ipsec statusall | grep -o 'ESTABLISHED.*'
grep -c kmaddress: /var/log/daemon.log
