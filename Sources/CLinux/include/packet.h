#pragma once
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <stdint.h>
#include <sys/socket.h>

// One message of a batch: struct mmsghdr, which <sys/socket.h> shows to GNU sources only and Swift's is not one.
struct lx_mmsghdr {
    struct msghdr header;
    unsigned int octets;
};

// recvmmsg(2) and sendmmsg(2) with MSG_DONTWAIT: the number of messages, -1 with errno.
int lx_recvmmsg(int descriptor, struct lx_mmsghdr *messages, unsigned int count, int flags);
int lx_sendmmsg(int descriptor, struct lx_mmsghdr *messages, unsigned int count, int flags);

// An AF_PACKET socket bound to one interface, non-blocking, close-on-exec, that hears IP packets of that interface's
// ingress only, each behind a struct virtio_net_hdr. `receive_octets`: wish for the receive buffer. -1 with errno and
// the name of the call that failed in `*failed_step`.
int lx_packet_socket(int interface_index, int receive_octets, const char **failed_step);

// An AF_PACKET socket that only sends: whole frames, to the interface that it is bound to. Non-blocking, close-on-exec.
// -1 with errno and the failed step.
int lx_link_socket(int interface_index, int send_octets, const char **failed_step);

// The link address of an Ethernet interface. -1 for another kind, or where there is none.
int lx_ethernet_address(int interface_index, uint8_t address[6]);

// Packets that the kernel dropped before a socket took them, since it was made. -1 with errno.
long lx_socket_drops(int descriptor);

// The MTU of an interface. -1 with errno.
int lx_interface_mtu(int interface_index);

// Whether the calling thread's network namespace has tables of nftables or iptables, whatever their rules say: 1 yes,
// 0 no, -1 not known.
int lx_has_packet_filter(void);

// A raw socket for protocol 50 of AF_INET or AF_INET6, non-blocking, close-on-exec, with the firewall mark, wishing for
// the buffers, told the traffic class of what comes in (IPv6; IPv4 brings its header), never setting DF (RFC 4301 §8.1:
// the outer DF bit is clear). -1 with errno and the failed step.
int lx_esp_socket(int family, uint32_t mark, int buffer_octets, const char **failed_step);

// The path MTU that the kernel knows from a local to a remote address: a connected UDP socket with the mark is asked.
// Sends nothing. -1 with errno.
int lx_path_mtu(const struct sockaddr *local, const struct sockaddr *remote, socklen_t length, uint32_t mark);

// An IPv6 socket's packets leave from a mobile node's care-of address before its home address, which is behind the tunnel that may be
// waited for (RFC 5014 §5).
void lx_prefer_care_of(int descriptor);

// The source address that the kernel would choose towards `remote`, written to `*local`; sends nothing. -1 with errno.
int lx_source_address(const struct sockaddr *remote, socklen_t length, uint32_t mark, struct sockaddr *local);

// Control message numbers.
extern const int LX_SOL_IP, LX_IP_TOS, LX_IP_PKTINFO, LX_SOL_IPV6, LX_IPV6_TCLASS, LX_IPV6_PKTINFO,
    LX_SOL_UDP, LX_UDP_SEGMENT, LX_UDP_GRO;

// Sets flags (IFF_*) of an interface by name besides those that it has. -1 with errno.
int lx_add_interface_flags(const char *name, int flags);
extern const int LX_IFF_UP, LX_IFF_NOARP;
