# a Child SA is known by its initiator's SPI
spi() { vppctl show ikev2 sa | sed -n 's/.* spi(i) \([0-9a-f]*\) .*/\1/p'; }
old=$(spi)
vppctl ikev2 initiate rekey-child-sa $old
../../guestbin/wait-for.sh --no-match "spi(i) $old " -- vppctl show ikev2 sa
vppctl show ikev2 sa | grep -c 'child sa'
