#define _GNU_SOURCE
#include "packet.h"
#include <errno.h>
#include <linux/sock_diag.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

_Static_assert(sizeof(struct lx_mmsghdr) == sizeof(struct mmsghdr), "struct lx_mmsghdr is struct mmsghdr");

const int LX_SOL_IP = IPPROTO_IP, LX_IP_TOS = IP_TOS, LX_IP_PKTINFO = IP_PKTINFO, LX_SOL_IPV6 = IPPROTO_IPV6,
          LX_IPV6_TCLASS = IPV6_TCLASS, LX_IPV6_PKTINFO = IPV6_PKTINFO, LX_SOL_UDP = IPPROTO_UDP,
          LX_UDP_SEGMENT = UDP_SEGMENT, LX_UDP_GRO = UDP_GRO,
          LX_IFF_UP = IFF_UP, LX_IFF_NOARP = IFF_NOARP;

int lx_recvmmsg(int descriptor, struct lx_mmsghdr *messages, unsigned int count, int flags) {
    return recvmmsg(descriptor, (struct mmsghdr *)messages, count, flags | MSG_DONTWAIT, NULL);
}

int lx_sendmmsg(int descriptor, struct lx_mmsghdr *messages, unsigned int count, int flags) {
    return sendmmsg(descriptor, (struct mmsghdr *)messages, count, flags | MSG_DONTWAIT);
}

// Closes, keeping errno; always -1.
static int failed(int descriptor, const char *step, const char **failed_step) {
    int code = errno;
    if (descriptor >= 0)
        close(descriptor);
    errno = code;
    *failed_step = step;
    return -1;
}

static int option(int descriptor, int level, int name, int value) {
    return setsockopt(descriptor, level, name, &value, sizeof value);
}

// The forced form is the machine's administrator's alone; an ordinary user gets what net.core.rmem_max allows.
static void buffer_wish(int descriptor, int forced, int plain, int octets) {
    if (option(descriptor, SOL_SOCKET, forced, octets) != 0)
        option(descriptor, SOL_SOCKET, plain, octets);
}

int lx_packet_socket(int interface_index, int receive_octets, const char **failed_step) {
    // Protocol 0: nothing is received before bind has named the one interface.
    int s = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s < 0)
        return failed(s, "socket AF_PACKET", failed_step);
    if (option(s, SOL_PACKET, PACKET_VNET_HDR, 1) != 0)
        return failed(s, "setsockopt PACKET_VNET_HDR", failed_step);
    // What this socket sends must not come back to it.
    option(s, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1);
    // No queueing discipline between us and the other end of the pair.
    option(s, SOL_PACKET, PACKET_QDISC_BYPASS, 1);
    buffer_wish(s, SO_RCVBUFFORCE, SO_RCVBUF, receive_octets);
    buffer_wish(s, SO_SNDBUFFORCE, SO_SNDBUF, receive_octets);
    struct sockaddr_ll address = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = interface_index};
    if (bind(s, (struct sockaddr *)&address, sizeof address) != 0)
        return failed(s, "bind AF_PACKET", failed_step);
    return s;
}

int lx_link_socket(int interface_index, int send_octets, const char **failed_step) {
    // Protocol 0: it hears nothing. Bound: the kernel looks up no interface per packet.
    int s = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s < 0)
        return failed(s, "socket AF_PACKET", failed_step);
    struct sockaddr_ll local = {.sll_family = AF_PACKET, .sll_ifindex = interface_index};
    if (bind(s, (struct sockaddr *)&local, sizeof local) != 0)
        return failed(s, "bind AF_PACKET", failed_step);
    buffer_wish(s, SO_SNDBUFFORCE, SO_SNDBUF, send_octets);
    return s;
}

long lx_socket_drops(int descriptor) {
    uint32_t values[SK_MEMINFO_VARS];
    socklen_t size = sizeof values;
    if (getsockopt(descriptor, SOL_SOCKET, SO_MEMINFO, values, &size) != 0 || size <= SK_MEMINFO_DROPS * sizeof *values)
        return -1;
    return values[SK_MEMINFO_DROPS];
}

// One of the SIOCGIF… requests about an interface, which the kernel knows by its name.
static int interface_request(int interface_index, unsigned long number, struct ifreq *request) {
    const char *step;
    int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (s < 0)
        return -1;
    *request = (struct ifreq){.ifr_ifindex = interface_index};
    if (ioctl(s, SIOCGIFNAME, request) != 0 || ioctl(s, number, request) != 0)
        return failed(s, "SIOCGIF", &step);
    close(s);
    return 0;
}

int lx_ethernet_address(int interface_index, uint8_t address[6]) {
    struct ifreq request;
    if (interface_request(interface_index, SIOCGIFHWADDR, &request) != 0 || request.ifr_hwaddr.sa_family != ARPHRD_ETHER)
        return -1;
    memcpy(address, request.ifr_hwaddr.sa_data, 6);
    return 0;
}

int lx_interface_mtu(int interface_index) {
    struct ifreq request;
    return interface_request(interface_index, SIOCGIFMTU, &request) != 0 ? -1 : request.ifr_mtu;
}

int lx_esp_socket(int family, uint32_t mark, int buffer_octets, const char **failed_step) {
    int s = socket(family, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_ESP);
    if (s < 0)
        return failed(s, "socket SOCK_RAW protocol 50", failed_step);
    if (setsockopt(s, SOL_SOCKET, SO_MARK, &mark, sizeof mark) != 0)
        return failed(s, "setsockopt SO_MARK", failed_step);
    buffer_wish(s, SO_RCVBUFFORCE, SO_RCVBUF, buffer_octets);
    buffer_wish(s, SO_SNDBUFFORCE, SO_SNDBUF, buffer_octets);
    if (family == AF_INET) {
        option(s, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT);
    } else {
        option(s, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DONT);
        option(s, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
    }
    return s;
}

void lx_prefer_care_of(int descriptor) {
    // IPV6_ADDR_PREFERENCES, IPV6_PREFER_SRC_COA. A kernel without Mobile IPv6 may not know it.
    int care_of = 4;
    (void)setsockopt(descriptor, IPPROTO_IPV6, 72, &care_of, sizeof care_of);
}

// A UDP socket connected to `remote`; -1 with errno.
static int connected(const struct sockaddr *local, const struct sockaddr *remote, socklen_t length, uint32_t mark) {
    const char *step;
    int s = socket(remote->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (s < 0)
        return -1;
    if (remote->sa_family == AF_INET6)
        lx_prefer_care_of(s);
    if (setsockopt(s, SOL_SOCKET, SO_MARK, &mark, sizeof mark) != 0 || (local != NULL && bind(s, local, length) != 0) ||
        connect(s, remote, length) != 0)
        return failed(s, "connect", &step);
    return s;
}

int lx_path_mtu(const struct sockaddr *local, const struct sockaddr *remote, socklen_t length, uint32_t mark) {
    int s = connected(local, remote, length, mark);
    if (s < 0)
        return -1;
    int v6 = remote->sa_family == AF_INET6, mtu = -1;
    socklen_t size = sizeof mtu;
    if (getsockopt(s, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_MTU : IP_MTU, &mtu, &size) != 0)
        mtu = -1;
    int code = errno;
    close(s);
    errno = code;
    return mtu;
}

int lx_source_address(const struct sockaddr *remote, socklen_t length, uint32_t mark, struct sockaddr *local) {
    int s = connected(NULL, remote, length, mark);
    if (s < 0)
        return -1;
    socklen_t size = length;
    int result = getsockname(s, local, &size), code = errno;
    close(s);
    errno = code;
    return result;
}

int lx_add_interface_flags(const char *name, int flags) {
    const char *step;
    int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (s < 0)
        return -1;
    struct ifreq request = {0};
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    if (ioctl(s, SIOCGIFFLAGS, &request) != 0)
        return failed(s, "SIOCGIFFLAGS", &step);
    request.ifr_flags |= (short)flags;
    if (ioctl(s, SIOCSIFFLAGS, &request) != 0)
        return failed(s, "SIOCSIFFLAGS", &step);
    close(s);
    return 0;
}
