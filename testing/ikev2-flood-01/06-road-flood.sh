# fragments for one half-open IKE SA, a request that comes again and again, requests that are all different
../../guestbin/ike-flood.sh fragments 1000 192.1.2.23
../../guestbin/ike-flood.sh repeat 1000 192.1.2.23
../../guestbin/ike-flood.sh init 2000 192.1.2.23
