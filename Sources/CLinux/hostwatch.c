#define _GNU_SOURCE
#include "hostwatch.h"
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

int lx_host_watch_open(void) {
    int s = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    if (s < 0)
        return -1;
    struct sockaddr_nl address = {
        .nl_family = AF_NETLINK,
        .nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE,
    };
    if (bind(s, (struct sockaddr *)&address, sizeof address) != 0) {
        int code = errno;
        close(s);
        errno = code;
        return -1;
    }
    return s;
}

int lx_host_watch_drain(int descriptor) {
    char buffer[8192];
    int found = 0;
    for (;;) {
        ssize_t count = recv(descriptor, buffer, sizeof buffer, 0);
        if (count >= 0) {
            found = 1;
        } else if (errno == ENOBUFS) {
            // Some were lost: that there were changes is all that is asked for.
            found = 1;
        } else if (errno != EINTR) {
            return found;
        }
    }
}
