ipsec whack --rekey-child --name west-east | grep -o 'rekeyed Child SA'
ipsec whack --rekey-ike --name west-east | grep -o 'rekeyed IKE SA'
