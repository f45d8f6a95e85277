../../guestbin/wait-for.sh --match 'Deleting SA' -- cat /tmp/ios.log
sed -n '/Message id: 2, length: 460/,$p' /tmp/ios.log
: > /tmp/ios.log
