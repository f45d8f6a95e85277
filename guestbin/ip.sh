#!/bin/sh
# ip.sh: ip(8), without the blanks that it leaves at the ends of lines about addresses, routes and rules, without
# alternative names of interfaces, and without the word that tells that an address was never probed for duplicates (the
# lab's are not). Its exit status is ip's.

output=$(ip "$@")
status=$?
# A last line without a newline is what $(…) makes of any output; none at all must stay none.
[ -n "$output" ] || exit $status
while IFS= read -r line; do
    case $line in
    "    altname "*) continue ;;
    # Counters and details of links keep their blanks: the columns are meant.
    "    inet"* | [!\ ]*)
        case $line in
        "    inet6 "*" nodad "*) line="${line%% nodad *} ${line#* nodad }" ;;
        esac
        while :; do
            case $line in
            *" ") line=${line% } ;;
            *) break ;;
            esac
        done
        ;;
    esac
    printf '%s\n' "$line"
done <<END
$output
END
exit $status
