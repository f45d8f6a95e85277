vppctl show ikev2 sa
