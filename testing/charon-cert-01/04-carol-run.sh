ipsec up home
../../guestbin/ping-once.sh --up -I 10.3.0.1 10.1.0.1
ipsec status
ipsec statusall | sed -n '/^Listening/,$p'
ipsec listcacerts | grep -e List -e subject -e flags
ipsec listcrls | grep -e List -e issuer -e revoked
