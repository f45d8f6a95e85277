swanctl --list-sas 2>/dev/null | sed -n 1,5p
