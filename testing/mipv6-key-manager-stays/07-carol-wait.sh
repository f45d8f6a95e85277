../../guestbin/wait-for.sh --timeout 60 --no-match 'spi 0x00000000' -- ip xfrm state
