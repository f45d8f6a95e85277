#define _GNU_SOURCE
#include "mobility.h"
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int lx_raw6_open(int protocol, uint8_t first_icmp_type, uint8_t second_icmp_type) {
    int s = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
    if (s < 0)
        return -1;
    int on = 1;
    int result = setsockopt(s, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on);
    if (result == 0 && first_icmp_type != 0) {
        struct icmp6_filter filter;
        ICMP6_FILTER_SETBLOCKALL(&filter);
        ICMP6_FILTER_SETPASS(first_icmp_type, &filter);
        ICMP6_FILTER_SETPASS(second_icmp_type, &filter);
        result = setsockopt(s, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof filter);
        // What is sent to a whole link is neighbour discovery's (RFC 4861 section 7.1.2).
        int hops = 255;
        if (result == 0)
            result = setsockopt(s, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof hops);
    }
    if (result != 0) {
        int code = errno;
        close(s);
        errno = code;
        return -1;
    }
    return s;
}

// struct ip6_rthdr of type 2, which the C library does not define.
struct routing_header_2 {
    uint8_t next, length, type, segments_left;
    uint32_t reserved;
    uint8_t address[16];
};

long lx_raw6_send(
    int descriptor, const uint8_t *source, const uint8_t *destination, const uint8_t *via,
    uint32_t interface, const void *data, size_t count) {
    struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_scope_id = interface};
    memcpy(&to.sin6_addr, destination, 16);
    _Alignas(struct cmsghdr) char control
        [CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(struct routing_header_2))] = {0};
    struct iovec part = {.iov_base = (void *)data, .iov_len = count};
    struct msghdr message = {
        .msg_name = &to,
        .msg_namelen = sizeof to,
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = control,
        .msg_controllen = via ? sizeof control : CMSG_SPACE(sizeof(struct in6_pktinfo)),
    };
    struct cmsghdr *item = CMSG_FIRSTHDR(&message);
    *item = (struct cmsghdr){
        .cmsg_level = IPPROTO_IPV6, .cmsg_type = IPV6_PKTINFO, .cmsg_len = CMSG_LEN(sizeof(struct in6_pktinfo))};
    struct in6_pktinfo from = {.ipi6_ifindex = interface};
    memcpy(&from.ipi6_addr, source, 16);
    memcpy(CMSG_DATA(item), &from, sizeof from);
    if (via) {
        item = CMSG_NXTHDR(&message, item);
        *item = (struct cmsghdr){
            .cmsg_level = IPPROTO_IPV6, .cmsg_type = IPV6_RTHDR, .cmsg_len = CMSG_LEN(sizeof(struct routing_header_2))};
        // In units of 8 octets, without the first.
        struct routing_header_2 header = {.length = 2, .type = 2, .segments_left = 1};
        memcpy(header.address, via, 16);
        memcpy(CMSG_DATA(item), &header, sizeof header);
    }
    return sendmsg(descriptor, &message, MSG_NOSIGNAL);
}

long lx_raw6_receive(int descriptor, uint8_t *source, uint8_t *destination, void *buffer, size_t count) {
    struct sockaddr_in6 from;
    _Alignas(struct cmsghdr) char control[256];
    struct iovec part = {.iov_base = buffer, .iov_len = count};
    struct msghdr message = {
        .msg_name = &from,
        .msg_namelen = sizeof from,
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = control,
        .msg_controllen = sizeof control,
    };
    ssize_t received = recvmsg(descriptor, &message, 0);
    if (received < 0)
        return -1;
    memcpy(source, &from.sin6_addr, 16);
    memset(destination, 0, 16);
    for (struct cmsghdr *item = CMSG_FIRSTHDR(&message); item; item = CMSG_NXTHDR(&message, item))
        if (item->cmsg_level == IPPROTO_IPV6 && item->cmsg_type == IPV6_PKTINFO)
            memcpy(destination, CMSG_DATA(item), 16);
    return received;
}
