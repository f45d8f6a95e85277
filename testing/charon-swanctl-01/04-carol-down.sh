swanctl --terminate --ike gw
swanctl --install --child net
swanctl --list-pols
swanctl --uninstall --child net
swanctl --list-sas
swanctl --terminate --ike gw
swanctl --nonsense
