#define _GNU_SOURCE
#include "packet.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

// The tables of the older packet filter, one name per line; the file is not there where the kernel has none of it.
static int listed(const char *path) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return errno == ENOENT ? 0 : -1;
    char octet;
    ssize_t count = read(file, &octet, 1);
    close(file);
    return count < 0 ? -1 : count > 0;
}

static int nftables(void) {
    int s = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
    if (s < 0)
        return errno == EPROTONOSUPPORT || errno == EAFNOSUPPORT ? 0 : -1;
    enum { SUBSYSTEM = NFNL_SUBSYS_NFTABLES << 8 };
    struct {
        struct nlmsghdr header;
        struct nfgenmsg family;
    } request = {
        .header = {
            .nlmsg_len = sizeof request,
            .nlmsg_type = SUBSYSTEM | NFT_MSG_GETTABLE,
            .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
        .family = {.nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0}};
    _Alignas(struct nlmsghdr) char answer[8192];
    ssize_t count = send(s, &request, sizeof request, 0);
    // The answer was made during the call.
    if (count >= 0)
        count = recv(s, answer, sizeof answer, MSG_DONTWAIT);
    close(s);
    if (count < (ssize_t)sizeof(struct nlmsghdr))
        return -1;
    const struct nlmsghdr *first = (const struct nlmsghdr *)answer;
    if (first->nlmsg_type == NLMSG_DONE)
        return 0;
    if (first->nlmsg_type == (SUBSYSTEM | NFT_MSG_NEWTABLE))
        return 1;
    if (first->nlmsg_type == NLMSG_ERROR && count >= (ssize_t)NLMSG_LENGTH(sizeof(struct nlmsgerr))) {
        const struct nlmsgerr *error = NLMSG_DATA(first);
        // The kernel has nfnetlink, and not this part of it.
        if (error->error == -EINVAL || error->error == -EOPNOTSUPP)
            return 0;
    }
    return -1;
}

int lx_has_packet_filter(void) {
    int older = listed("/proc/thread-self/net/ip_tables_names");
    if (older == 0)
        older = listed("/proc/thread-self/net/ip6_tables_names");
    return older != 0 ? older : nftables();
}
