#!/bin/bash
# Handshakes with swand and with strongSwan's charon as responder, against the same load generator, in one run.
#
#     Benchmarks/handshakes.sh IKEBENCH SWAND [COUNT] [ROUNDS] [KEPT]
#
# Two namespaces joined by a veth pair; shared key, AES-256-GCM, one Child SA each, deleted at once; then KEPT IKE SAs that
# stay, for the memory that one takes; then, with swand alone, KEPT IKE SAs that live: a sign of life of each, its Child SA
# replaced, itself replaced, a sign of life. Prints a line per round, medians and ratios. Needs root, and for the comparison
# strongswan-charon, strongswan-swanctl, libcharon-extra-plugins and libstrongswan-standard-plugins.
set -eu
if [ "${SWANTEST_INSIDE:-}" = "" ]; then
    bench=$(realpath "${1:?the ikebench executable}") swand=$(realpath "${2:?the swand executable}")
    SWANTEST_INSIDE=1 exec unshare --mount --net --pid --fork --kill-child --mount-proc --propagation private \
        "$(realpath "$0")" "$bench" "$swand" "${3:-2000}" "${4:-3}" "${5:-10000}"
fi
bench=$1 swand=$2 count=$3 rounds=$4 kept=$5
mount -t tmpfs tmpfs /run
mkdir -p /run/netns
work=/mnt
mount -t tmpfs tmpfs $work
ip netns add west
ip netns add east
ip link add eth1 netns west type veth peer name eth1 netns east
for host in "west 192.1.2.45 10.0.1.1" "east 192.1.2.23 10.0.2.1"; do
    set -- $host
    ip -n $1 link set lo up
    ip -n $1 link set eth1 up
    ip -n $1 address add $2/24 dev eth1
    ip -n $1 address add $3/24 dev lo
done

# start WAY GROUP: a responder in east; its process in $daemon.
start() {
    local etc=$work/$1
    rm -rf $etc
    mkdir -p $etc
    case $1 in
    swand)
        cat >$etc/ipsec.conf <<END
config setup
	logfile=$etc/log
conn load
	left=192.1.2.23
	leftid=@east
	leftsubnet=10.0.2.0/24
	right=192.1.2.45
	rightid=@load
	rightsubnet=10.0.1.0/24
	authby=secret
	ike=aes_gcm256-sha2_256;$2
	esp=aes_gcm256
	pfs=no
	auto=add
END
        cp "$swand" $etc/swand
        ln -s swand $etc/ipsec
        # Its own /etc/ipsec.secrets and run folder.
        ip netns exec east unshare --mount --propagation private bash -c "
            mount -t tmpfs tmpfs /run
            mkdir -p $etc/etc/ipsec.d && cp -a /etc/. $etc/etc/ && mount --bind $etc/etc /etc
            echo '@east @load : PSK \"0123456789abcdefABCDEF0123456789\"' >/etc/ipsec.secrets
            cp $etc/ipsec.conf /etc/ipsec.conf
            exec $etc/swand --foreground --config /etc/ipsec.conf" >$etc/out 2>&1 &
        daemon=$!
        ;;
    charon)
        cat >$etc/strongswan.conf <<END
charon {
    load = random nonce openssl kdf curve25519 socket-default kernel-libipsec kernel-netlink vici
    half_open_timeout = 30
    cookie_threshold = 0
    block_threshold = 0
    filelog {
        log {
            path = $etc/log
            default = 1
        }
    }
}
END
        cat >$etc/swanctl.conf <<END
connections {
    load {
        version = 2
        local_addrs = 192.1.2.23
        remote_addrs = 192.1.2.45
        proposals = aes256gcm16-prfsha256-$2
        unique = never
        local {
            auth = psk
            id = east
        }
        remote {
            auth = psk
            id = load
        }
        children {
            net {
                local_ts = 10.0.2.0/24
                remote_ts = 10.0.1.0/24
                esp_proposals = aes256gcm16
            }
        }
    }
}
secrets {
    ike-1 {
        secret = 0123456789abcdefABCDEF0123456789
    }
}
END
        ip netns exec east unshare --mount --propagation private bash -c "
            mount -t tmpfs tmpfs /run
            STRONGSWAN_CONF=$etc/strongswan.conf exec /usr/lib/ipsec/charon" >$etc/out 2>&1 &
        daemon=$!
        sleep 1
        nsenter -t $daemon -m -n swanctl --load-all --file $etc/swanctl.conf >$etc/load 2>&1 || cat $etc/load >&2
        ;;
    esac
    sleep 1
}
stop() {
    kill $daemon
    wait $daemon 2>/dev/null || true
}
load() { # WAY COUNT CONCURRENCY delete|keep|live GROUP
    ip netns exec west "$bench" 192.1.2.45:15000 192.1.2.23 $2 $3 $4 $5 0123456789abcdefABCDEF0123456789 $daemon || {
        tail -n 5 $work/$1/out $work/$1/log >&2
        return 1
    }
}
ways=swand
[ -x /usr/lib/ipsec/charon ] && command -v swanctl >/dev/null && ways="swand charon"
group() { case $1:$2 in swand:x25519) echo dh31 ;; swand:*) echo dh14 ;; *) echo $2 ;; esac; }
value() { sed -n "s/.*$1=\([0-9.]*\).*/\1/p" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

status=0
echo "$(nproc) processors, Linux $(uname -r), load $(cut -d ' ' -f 1 /proc/loadavg)"
for group in x25519 modp2048; do
    for round in $(seq $rounds); do
        for way in $ways; do
            start $way $(group $way $group)
            for concurrency in 1 16; do
                line=$(load $way $count $concurrency delete $group)
                echo "$group $way, $concurrency at once: $line"
                echo "$line" >>$work/result-$group-$way-$concurrency
            done
            stop
        done
    done
done
for way in $ways; do
    start $way $(group $way x25519)
    line=$(load $way $kept 16 keep x25519) || status=1
    echo "kept $way: $line"
    echo "$line" >>$work/result-kept-$way
    stop
done
start swand dh31
(set -o pipefail; load swand $kept 16 live x25519 | sed 's/^/live swand: /') || status=1
# What the responder itself says that it has.
printf 'live swand: children_listed=%s\n' "$(nsenter -t $daemon -m -n $work/swand/ipsec trafficstatus | grep -c '"load"')"
stop
echo "medians:"
for group in x25519 modp2048; do
    for what in "rate 16" "cpu_us 16" "median_us 1"; do
        set -- $what
        for way in $ways; do printf '  %s %s %s %s\n' $group $way $1 "$(value $1 <$work/result-$group-$way-$2)"; done
    done
done
for way in $ways; do echo "  kept $way octets_each $(value octets_each <$work/result-kept-$way)"; done
exit $status
