/etc/init.d/setkey stop
setkey -D
setkey -DP
