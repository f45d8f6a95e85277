ifconfig eth3 192.168.100.2 netmask 255.255.255.0 up
cp ipsec.conf ipsec.secrets /etc; cp charon.conf /etc/strongswan.conf
ipsec start
../../guestbin/wait-for.sh --match INSTALLED -- ipsec status > OUTPUT/up.txt
ipsec statusall | sed -e 's/, Linux .*/, Linux ...):/; s/uptime: .*/uptime: .../; s/malloc: .*/malloc: .../' -e 's/[0-9]* second[s]* ago/<time> ago/; s/[0-9a-f]\{16\}_/<spi>_/g'
