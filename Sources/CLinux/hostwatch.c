#define _GNU_SOURCE
#include "hostwatch.h"
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

int lx_host_watch_open(bool links) {
    int s = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    if (s < 0)
        return -1;
    struct sockaddr_nl address = {
        .nl_family = AF_NETLINK,
        .nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE |
                     (links ? RTMGRP_LINK : 0),
    };
    if (bind(s, (struct sockaddr *)&address, sizeof address) != 0) {
        int code = errno;
        close(s);
        errno = code;
        return -1;
    }
    return s;
}

// Whether all messages of a datagram tell of changes by one socket.
static bool all_by(const void *datagram, size_t octets, uint32_t port) {
    const struct nlmsghdr *message = datagram;
    for (size_t left = octets; NLMSG_OK(message, left); message = NLMSG_NEXT(message, left))
        if (message->nlmsg_pid != port)
            return false;
    return true;
}

int lx_host_watch_drain(int descriptor, uint32_t ignored) {
    _Alignas(struct nlmsghdr) char buffer[8192];
    int found = 0;
    for (;;) {
        ssize_t count = recv(descriptor, buffer, sizeof buffer, 0);
        if (count >= 0) {
            if (ignored == 0 || !all_by(buffer, (size_t)count, ignored))
                found = 1;
        } else if (errno == ENOBUFS) {
            // Some were lost: that there were changes is all that is asked for.
            found = 1;
        } else if (errno != EINTR) {
            return found;
        }
    }
}
