#define _GNU_SOURCE
#include "kernelstate.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/xfrm.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

// Asks for everything of a kind and counts the answers of a type; -errno where the kernel refuses.
static int count(int protocol, uint16_t request, uint16_t answer, uint8_t family) {
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
    if (fd < 0) return -errno;
    struct {
        struct nlmsghdr header;
        // The body that either kind of dump begins with; zeroes ask for all.
        char body[64];
    } message = {.header = {
        .nlmsg_len = NLMSG_LENGTH(sizeof(struct fib_rule_hdr)), .nlmsg_type = request,
        .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP, .nlmsg_seq = 1}};
    if (protocol == NETLINK_XFRM) message.header.nlmsg_len = NLMSG_LENGTH(0);
    message.body[0] = (char)family;
    if (send(fd, &message, message.header.nlmsg_len, 0) < 0) {
        int error = errno;
        close(fd);
        return -error;
    }
    char buffer[32768] __attribute__((aligned(8)));
    int total = 0;
    for (;;) {
        ssize_t got = recv(fd, buffer, sizeof buffer, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) {
            total = -errno;
            break;
        }
        int left = (int)got;
        for (struct nlmsghdr *header = (struct nlmsghdr *)buffer; NLMSG_OK(header, left); header = NLMSG_NEXT(header, left)) {
            if (header->nlmsg_type == answer) {
                total++;
            } else if (header->nlmsg_type == NLMSG_DONE) {
                close(fd);
                return total;
            } else if (header->nlmsg_type == NLMSG_ERROR) {
                int error = ((struct nlmsgerr *)NLMSG_DATA(header))->error;
                close(fd);
                return error;
            }
        }
    }
    close(fd);
    return total;
}

int clinux_count_kernel_state(struct clinux_kernel_state *counts) {
    counts->rules_v4 = count(NETLINK_ROUTE, RTM_GETRULE, RTM_NEWRULE, AF_INET);
    if (counts->rules_v4 < 0) return counts->rules_v4;
    counts->rules_v6 = count(NETLINK_ROUTE, RTM_GETRULE, RTM_NEWRULE, AF_INET6);
    if (counts->rules_v6 < 0) counts->rules_v6 = 0;
    // A kernel without XFRM has neither.
    counts->states = count(NETLINK_XFRM, XFRM_MSG_GETSA, XFRM_MSG_NEWSA, 0);
    if (counts->states == -EPROTONOSUPPORT) counts->states = 0;
    if (counts->states < 0) return counts->states;
    counts->policies = count(NETLINK_XFRM, XFRM_MSG_GETPOLICY, XFRM_MSG_NEWPOLICY, 0);
    if (counts->policies == -EPROTONOSUPPORT) counts->policies = 0;
    return counts->policies < 0 ? counts->policies : 0;
}
