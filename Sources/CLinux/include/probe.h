#pragma once
// Trials of what this kernel can do, each for a forked child that has entered a network namespace of its own.
// Every function returns 0, or -errno of the first call that was refused.
#include <sys/types.h>

/// Makes this process an ordinary user's for good, as if that user had started it.
int clinux_become_user(uid_t user, gid_t group);

/// Makes a TUN device through /dev/net/tun.
int clinux_probe_tun(void);

/// Installs an IPv4 ESP state (tunnel mode, rfc4106(gcm(aes)), ESN), as a daemon would for a Child SA.
int clinux_probe_esp_state(void);

/// Installs a route-optimisation state for destination options (Mobile IPv6, RFC 6275).
int clinux_probe_mip6_state(void);

/// Gives the loopback interface a queue that delays and loses packets (tc-netem).
int clinux_probe_netem(void);

/// Makes a veth pair and a packet socket with PACKET_VNET_HDR on each end, and sends a frame across.
int clinux_probe_packet_port(void);
