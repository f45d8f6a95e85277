../../guestbin/wait-for.sh --match 'XfrmInTmplMismatch\s*2$' -- cat /proc/net/xfrm_stat
grep -c 'binding of' /var/log/daemon.log
ip -d link show dev ip6tnl1 | grep -o 'remote 2001::41a:[^ ]*'
