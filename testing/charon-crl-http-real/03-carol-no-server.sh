ipsec up home | sed -n -e 's/after [0-9]* ms/after N ms/' -e '/using certificate/,$p'
ipsec listcrls
ipsec down home | tail -1
