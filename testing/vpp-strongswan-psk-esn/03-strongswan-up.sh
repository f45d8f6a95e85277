swanctl --initiate --child net-net > OUTPUT/initiate.txt; tail -n 1 OUTPUT/initiate.txt
