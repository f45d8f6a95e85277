../../guestbin/swan-prep --nokeys
../../guestbin/genhostkey.sh $PWD
