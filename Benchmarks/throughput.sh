#!/bin/bash
# TCP through the user-space data plane, beside the plain link and strongSwan's kernel-libipsec, in one run.
#
#     Benchmarks/throughput.sh PLANEBENCH [SECONDS] [ROUNDS]
#
# Two namespaces joined by a veth pair; iperf3 from 192.0.1.254 to 192.0.2.254 through a tunnel with AES-256-GCM. Prints the
# received Mbit/s of each round, and at the end the medians and their ratio to kernel-libipsec. Needs root, iperf3, and for the
# comparison strongswan-charon, strongswan-swanctl, libcharon-extra-plugins and libstrongswan-standard-plugins.
# Everything runs in namespaces of its own and ends with the script.
set -eu
if [ "${SWANTEST_INSIDE:-}" = "" ]; then
    bench=$(realpath "${1:?the planebench executable}")
    SWANTEST_INSIDE=1 exec unshare --mount --net --pid --fork --kill-child --mount-proc --propagation private \
        "$(realpath "$0")" "$bench" "${2:-4}" "${3:-3}"
fi
bench=$1 seconds=$2 rounds=$3
mount -t tmpfs tmpfs /run
mkdir -p /run/netns
work=/mnt
mount -t tmpfs tmpfs $work
on() { local host=$1; shift; ip netns exec $host "$@"; }

ip netns add west
ip netns add east
ip link add eth1 netns west type veth peer name eth1 netns east
for host in "west 192.1.2.45 192.0.1.254" "east 192.1.2.23 192.0.2.254"; do
    set -- $host
    ip -n $1 link set lo up
    ip -n $1 link set eth1 up
    ip -n $1 address add $2/24 dev eth1
    ip -n $1 address add $3/24 dev lo
done

# Received Mbit/s, of the server's own count.
measure() { # from, to
    on east iperf3 -s -1 -B $2 -p 5201 >/dev/null 2>&1 &
    local server=$!
    for _ in $(seq 50); do [ -n "$(on east ss -Hltn 'sport = 5201')" ] && break; sleep 0.05; done
    on west timeout $((seconds + 10)) iperf3 -c $2 -B $1 -p 5201 -t $seconds -J |
        sed -n '/"sum_received"/,/}/s/.*"bits_per_second":[[:space:]]*\([0-9]*\).*/\1/p' |
        awk '{ printf "%d\n", $1 / 1e6 }'
    wait $server || true
}

plain() {
    ip -n west route replace 192.0.2.0/24 via 192.1.2.23
    ip -n east route replace 192.0.1.0/24 via 192.1.2.45
    measure 192.0.1.254 192.0.2.254
    ip -n west route delete 192.0.2.0/24
    ip -n east route delete 192.0.1.0/24
}

ours() { # esp|udp
    mkfifo $work/stop-west $work/stop-east
    on west "$bench" a 192.1.2.45 192.1.2.23 192.0.1.0/24 192.0.2.0/24 $* <$work/stop-west >$work/ours-west 2>&1 &
    local west=$!
    on east "$bench" b 192.1.2.23 192.1.2.45 192.0.2.0/24 192.0.1.0/24 $* <$work/stop-east >$work/ours-east 2>&1 &
    local east=$!
    exec 5>$work/stop-west 6>$work/stop-east
    for host in west east; do
        for _ in $(seq 100); do grep -q ready $work/ours-$host && break; sleep 0.02; done
    done
    measure 192.0.1.254 192.0.2.254
    exec 5>&- 6>&-
    wait $west $east || true
    rm $work/stop-west $work/stop-east
}

configure() { # host, local, remote, local net, remote net
    local etc=$work/$1
    mkdir -p $etc
    # One setting per line: a value goes on to the end of its line, braces included.
    cat >$etc/strongswan.conf <<END
charon {
    load = random nonce openssl kdf curve25519 socket-default kernel-libipsec kernel-netlink vici
    filelog {
        log {
            path = $etc/charon.log
        }
    }
}
END
    cat >$etc/swanctl.conf <<END
connections {
    bench {
        version = 2
        local_addrs = $2
        remote_addrs = $3
        proposals = aes256gcm16-prfsha256-ecp256
        local {
            auth = psk
            id = $1
        }
        remote {
            auth = psk
        }
        children {
            net {
                local_ts = $4
                remote_ts = $5
                esp_proposals = aes256gcm16
            }
        }
    }
}
secrets {
    ike-1 {
        secret = benchmark
    }
}
END
}

libipsec() {
    configure west 192.1.2.45 192.1.2.23 192.0.1.0/24 192.0.2.0/24
    configure east 192.1.2.23 192.1.2.45 192.0.2.0/24 192.0.1.0/24
    for host in west east; do
        # charon's socket and pid file lie in /run: each has one of its own.
        ip netns exec $host unshare --mount --propagation private bash -c "
            mount -t tmpfs tmpfs /run
            STRONGSWAN_CONF=$work/$host/strongswan.conf exec /usr/lib/ipsec/charon" >$work/$host/charon.out 2>&1 &
        eval "local $host=\$!"
    done
    sleep 1
    for host in east west; do
        local pid
        eval "pid=\$$host"
        nsenter -t $pid -m -n swanctl --load-all --file $work/$host/swanctl.conf >$work/$host/load 2>&1 || true
    done
    nsenter -t $west -m -n swanctl --initiate --child net >$work/west/up 2>&1 || {
        tail -n 20 $work/west/up $work/west/charon.* >&2
        return 1
    }
    measure 192.0.1.254 192.0.2.254
    kill $west $east
    wait $west $east || true
}

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
echo "$(nproc) processors, Linux $(uname -r), $(awk -F': ' '/model name/ { print $2; exit }' /proc/cpuinfo); ${seconds} s each"
for round in $(seq $rounds); do
    for way in plain "ours esp" "ours udp" libipsec; do
        case $way in
        libipsec) [ -x /usr/lib/ipsec/charon ] && command -v swanctl >/dev/null || continue ;;
        esac
        result=$($way)
        echo "$way: $result Mbit/s"
        echo $result >>"$work/result-${way// /-}"
    done
done
echo "medians:"
theirs=
if [ -f $work/result-libipsec ]; then theirs=$(median <$work/result-libipsec); fi
for file in $work/result-*; do
    way=${file#$work/result-}
    value=$(median <$file)
    echo "  $way $value Mbit/s${theirs:+, $(awk "BEGIN { printf \"%.1f\", $value / $theirs }") times kernel-libipsec}"
done
tail -n 5 $work/ours-west $work/ours-east
