# road, as it is seen from here
curl -s http://192.1.2.254/page | wc -c
ipsec whack --rekey-child --name road-east | grep -o "initiator rekeyed .* IPsec transport \[.*\]"
curl -s http://192.1.2.254/page | wc -c
ipsec trafficstatus | grep -o 'inBytes=1[0-9]\{5\}' | wc -l
