../../guestbin/swan-prep --nokeys # PSK
ipsec start
../../guestbin/wait-until-pluto-started
ipsec add west-east
# tickets live for a second
ipsec whack --impair ticket-lifetime:1
echo "initdone"
