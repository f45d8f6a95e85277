# an acknowledgement whose SA went before it has asked for one in vain: the kernel forgets that after half a minute
../../guestbin/wait-for.sh --timeout 60 --no-match 'spi 0x00000000' -- ip xfrm state
/etc/init.d/mip6d stop
