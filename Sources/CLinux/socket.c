#define _GNU_SOURCE
#include "socket.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

// MARK: The loop's sources

int lx_epoll_open(void) { return epoll_create1(EPOLL_CLOEXEC); }

int lx_epoll_control(int epoll, char operation, int descriptor, bool read, bool write, uint64_t tag) {
    struct epoll_event event = {.events = (read ? EPOLLIN : 0) | (write ? EPOLLOUT : 0), .data.u64 = tag};
    int number = operation == '+' ? EPOLL_CTL_ADD : operation == '=' ? EPOLL_CTL_MOD : EPOLL_CTL_DEL;
    return epoll_ctl(epoll, number, descriptor, &event);
}

int lx_epoll_wait(int epoll, struct lx_ready *ready, int count, int milliseconds) {
    struct epoll_event events[64];
    int got = epoll_wait(epoll, events, count > 64 ? 64 : count, milliseconds);
    for (int i = 0; i < got; i++)
        ready[i] = (struct lx_ready){
            .tag = events[i].data.u64,
            .readable = events[i].events & EPOLLIN,
            .writable = events[i].events & EPOLLOUT,
            .broken = events[i].events & (EPOLLERR | EPOLLHUP)};
    return got;
}

int lx_timer_open(void) { return timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC); }

int lx_timer_set(int descriptor, int64_t nanoseconds) {
    struct itimerspec wish = {
        .it_value = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000}};
    return timerfd_settime(descriptor, TFD_TIMER_ABSTIME, &wish, NULL);
}

int lx_signal_open(const int *signals, int count) {
    sigset_t set;
    sigemptyset(&set);
    for (int i = 0; i < count; i++)
        sigaddset(&set, signals[i]);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return -1;
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

int lx_signal_next(int descriptor) {
    struct signalfd_siginfo info;
    ssize_t got = read(descriptor, &info, sizeof info);
    return got == sizeof info ? (int)info.ssi_signo : -1;
}

// MARK: UDP

enum { DATAGRAM_OCTETS = 65536, CONTROL_OCTETS = 128 };

static socklen_t to_sockaddr(const struct lx_endpoint *endpoint, struct sockaddr_storage *storage) {
    memset(storage, 0, sizeof *storage);
    if (endpoint->octet_count == 4) {
        struct sockaddr_in *address = (struct sockaddr_in *)storage;
        address->sin_family = AF_INET;
        address->sin_port = htons(endpoint->port);
        memcpy(&address->sin_addr, endpoint->address, 4);
        return sizeof *address;
    }
    struct sockaddr_in6 *address = (struct sockaddr_in6 *)storage;
    address->sin6_family = AF_INET6;
    address->sin6_port = htons(endpoint->port);
    memcpy(&address->sin6_addr, endpoint->address, 16);
    if (IN6_IS_ADDR_LINKLOCAL(&address->sin6_addr))
        address->sin6_scope_id = endpoint->interface;
    return sizeof *address;
}

static bool is_unspecified(const struct lx_endpoint *endpoint) {
    for (int i = 0; i < endpoint->octet_count; i++)
        if (endpoint->address[i] != 0)
            return false;
    return true;
}

int lx_udp_open(const struct lx_endpoint *local, const char **failed_step) {
    int on = 1;
    bool is_v6 = local->octet_count == 16;
    int descriptor = socket(is_v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0) {
        *failed_step = "socket";
        return -1;
    }
    struct sockaddr_storage address;
    socklen_t length = to_sockaddr(local, &address);
    int result;
    *failed_step = "setsockopt";
    if (is_v6) {
        int discover = IPV6_PMTUDISC_DONT;
        result = setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
        if (result == 0)
            result = setsockopt(descriptor, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on);
        if (result == 0)
            result = setsockopt(descriptor, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &discover, sizeof discover);
    } else {
        int discover = IP_PMTUDISC_DONT;
        result = setsockopt(descriptor, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
        if (result == 0)
            result = setsockopt(descriptor, IPPROTO_IP, IP_MTU_DISCOVER, &discover, sizeof discover);
    }
    // Sharing is allowed only once the port is ours, so that a second daemon is refused and sockets of our own are not.
    bool is_wildcard = is_unspecified(local);
    if (result == 0 && !is_wildcard)
        result = setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (result == 0) {
        *failed_step = "bind";
        result = bind(descriptor, (struct sockaddr *)&address, length);
    }
    if (result == 0 && is_wildcard) {
        *failed_step = "setsockopt";
        result = setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    }
    if (result == 0)
        return descriptor;
    int code = errno;
    close(descriptor);
    errno = code;
    return -1;
}

int lx_accept(int descriptor) { return accept4(descriptor, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC); }

int lx_set_mark(int descriptor, uint32_t mark) {
    return setsockopt(descriptor, SOL_SOCKET, SO_MARK, &mark, sizeof mark);
}

int lx_join_datagrams(int descriptor) {
    int on = 1;
    return setsockopt(descriptor, IPPROTO_UDP, UDP_GRO, &on, sizeof on);
}

void lx_set_buffers(int descriptor, int octets) {
    // The FORCE forms pass the system's limits and need CAP_NET_ADMIN.
    if (setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &octets, sizeof octets) != 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &octets, sizeof octets);
    if (setsockopt(descriptor, SOL_SOCKET, SO_SNDBUFFORCE, &octets, sizeof octets) != 0)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &octets, sizeof octets);
}

int lx_bound_port(int descriptor) {
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    if (getsockname(descriptor, (struct sockaddr *)&address, &length) != 0)
        return -1;
    return address.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)&address)->sin6_port)
                                         : ntohs(((struct sockaddr_in *)&address)->sin_port);
}

long lx_udp_send(
    int descriptor, const struct lx_endpoint *local, const struct lx_endpoint *remote, size_t marker_octets,
    const void *data, size_t count) {
    static const uint8_t zeros[4];
    struct sockaddr_storage address;
    socklen_t length = to_sockaddr(remote, &address);
    struct iovec parts[2] = {
        {.iov_base = (void *)zeros, .iov_len = marker_octets > 4 ? 4 : marker_octets},
        {.iov_base = (void *)data, .iov_len = count}};
    union {
        char octets[CONTROL_OCTETS];
        struct cmsghdr alignment;
    } control;
    memset(&control, 0, sizeof control);
    struct msghdr message = {
        .msg_name = &address, .msg_namelen = length, .msg_iov = parts, .msg_iovlen = 2, .msg_control = &control};
    struct cmsghdr *header = (struct cmsghdr *)control.octets;
    if (remote->octet_count == 4) {
        struct in_pktinfo info = {0};
        memcpy(&info.ipi_spec_dst, local->address, 4);
        header->cmsg_level = IPPROTO_IP;
        header->cmsg_type = IP_PKTINFO;
        header->cmsg_len = CMSG_LEN(sizeof info);
        memcpy(CMSG_DATA(header), &info, sizeof info);
        message.msg_controllen = CMSG_SPACE(sizeof info);
    } else {
        struct in6_pktinfo info = {0};
        memcpy(&info.ipi6_addr, local->address, 16);
        header->cmsg_level = IPPROTO_IPV6;
        header->cmsg_type = IPV6_PKTINFO;
        header->cmsg_len = CMSG_LEN(sizeof info);
        memcpy(CMSG_DATA(header), &info, sizeof info);
        message.msg_controllen = CMSG_SPACE(sizeof info);
    }
    return sendmsg(descriptor, &message, MSG_NOSIGNAL);
}

struct lx_udp_batch {
    unsigned slots;
    uint16_t local_port;
    uint8_t *octets;  // slots * DATAGRAM_OCTETS
    struct mmsghdr *messages;
    struct iovec *parts;
    struct sockaddr_storage *names;
    union control_slot {
        char octets[CONTROL_OCTETS];
        struct cmsghdr alignment;
    } *controls;
};

struct lx_udp_batch *lx_udp_batch_new(unsigned slots) {
    struct lx_udp_batch *batch = calloc(1, sizeof *batch);
    if (batch == NULL)
        abort();
    batch->slots = slots;
    batch->octets = mmap(
        NULL, (size_t)slots * DATAGRAM_OCTETS, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    batch->messages = calloc(slots, sizeof *batch->messages);
    batch->parts = calloc(slots, sizeof *batch->parts);
    batch->names = calloc(slots, sizeof *batch->names);
    batch->controls = calloc(slots, sizeof *batch->controls);
    if (batch->octets == MAP_FAILED || !batch->messages || !batch->parts || !batch->names || !batch->controls)
        abort();
    return batch;
}

void lx_udp_batch_free(struct lx_udp_batch *batch) {
    munmap(batch->octets, (size_t)batch->slots * DATAGRAM_OCTETS);
    free(batch->messages);
    free(batch->parts);
    free(batch->names);
    free(batch->controls);
    free(batch);
}

int lx_udp_batch_receive(struct lx_udp_batch *batch, int descriptor, uint16_t local_port) {
    batch->local_port = local_port;
    for (unsigned i = 0; i < batch->slots; i++) {
        batch->parts[i] =
            (struct iovec){.iov_base = batch->octets + (size_t)i * DATAGRAM_OCTETS, .iov_len = DATAGRAM_OCTETS};
        batch->messages[i].msg_hdr = (struct msghdr){
            .msg_name = &batch->names[i],
            .msg_namelen = sizeof batch->names[i],
            .msg_iov = &batch->parts[i],
            .msg_iovlen = 1,
            .msg_control = &batch->controls[i],
            .msg_controllen = sizeof batch->controls[i]};
        batch->messages[i].msg_len = 0;
    }
    return recvmmsg(descriptor, batch->messages, batch->slots, MSG_DONTWAIT, NULL);
}

uint8_t *lx_udp_batch_data(struct lx_udp_batch *batch, unsigned slot, size_t *count) {
    *count = batch->messages[slot].msg_hdr.msg_flags & MSG_TRUNC ? 0 : batch->messages[slot].msg_len;
    return batch->octets + (size_t)slot * DATAGRAM_OCTETS;
}

size_t lx_udp_batch_segment(const struct lx_udp_batch *batch, unsigned slot) {
    struct msghdr *message = &((struct lx_udp_batch *)batch)->messages[slot].msg_hdr;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header != NULL; header = CMSG_NXTHDR(message, header))
        if (header->cmsg_level == IPPROTO_UDP && header->cmsg_type == UDP_GRO) {
            int octets;
            memcpy(&octets, CMSG_DATA(header), sizeof octets);
            return octets > 0 ? (size_t)octets : 0;
        }
    return 0;
}

bool lx_udp_batch_ends(
    const struct lx_udp_batch *batch, unsigned slot, struct lx_endpoint *local, struct lx_endpoint *remote) {
    const struct sockaddr_storage *name = &batch->names[slot];
    memset(local, 0, sizeof *local);
    memset(remote, 0, sizeof *remote);
    local->port = batch->local_port;
    if (name->ss_family == AF_INET) {
        const struct sockaddr_in *address = (const struct sockaddr_in *)name;
        remote->octet_count = 4;
        memcpy(remote->address, &address->sin_addr, 4);
        remote->port = ntohs(address->sin_port);
    } else if (name->ss_family == AF_INET6) {
        const struct sockaddr_in6 *address = (const struct sockaddr_in6 *)name;
        remote->octet_count = 16;
        memcpy(remote->address, &address->sin6_addr, 16);
        remote->port = ntohs(address->sin6_port);
        remote->interface = address->sin6_scope_id;
    } else {
        return false;
    }
    struct msghdr *message = &((struct lx_udp_batch *)batch)->messages[slot].msg_hdr;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header != NULL; header = CMSG_NXTHDR(message, header)) {
        if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(header), sizeof info);
            local->octet_count = 4;
            memcpy(local->address, &info.ipi_addr, 4);
            local->interface = (uint32_t)info.ipi_ifindex;
            // The two differ where the datagram went to a broadcast or multicast address.
            return info.ipi_addr.s_addr == info.ipi_spec_dst.s_addr;
        }
        if (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;
            memcpy(&info, CMSG_DATA(header), sizeof info);
            local->octet_count = 16;
            memcpy(local->address, &info.ipi6_addr, 16);
            local->interface = info.ipi6_ifindex;
            return !IN6_IS_ADDR_MULTICAST(&info.ipi6_addr);
        }
    }
    return false;
}

// MARK: Control sockets

static int unix_address(const char *path, struct sockaddr_un *address) {
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    if (strlen(path) >= sizeof address->sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(address->sun_path, path);
    return 0;
}

static int failing(int descriptor) {
    int code = errno;
    close(descriptor);
    errno = code;
    return -1;
}

int lx_unix_listen(const char *path, int backlog) {
    struct sockaddr_un address;
    if (unix_address(path, &address) != 0)
        return -1;
    int descriptor = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return -1;
    // The file must never be there with a wider mode, not even between bind and chmod.
    mode_t before = umask(0177);
    int result = bind(descriptor, (struct sockaddr *)&address, sizeof address);
    umask(before);
    if (result != 0 || listen(descriptor, backlog) != 0)
        return failing(descriptor);
    return descriptor;
}

int lx_unix_connect(const char *path) {
    struct sockaddr_un address;
    if (unix_address(path, &address) != 0)
        return -1;
    int descriptor = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return -1;
    while (connect(descriptor, (struct sockaddr *)&address, sizeof address) != 0)
        if (errno != EINTR)
            return failing(descriptor);
    return descriptor;
}

int lx_unix_accept(int descriptor) { return accept4(descriptor, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC); }

long lx_unix_send(int descriptor, const void *data, size_t count) {
    return send(descriptor, data, count, MSG_NOSIGNAL);
}

long lx_unix_receive(int descriptor, void *buffer, size_t count, bool *truncated) {
    struct iovec part = {.iov_base = buffer, .iov_len = count};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    ssize_t got = recvmsg(descriptor, &message, 0);
    *truncated = got >= 0 && (message.msg_flags & MSG_TRUNC) != 0;
    return got;
}

int lx_unix_peer(int descriptor) {
    struct ucred credentials;
    socklen_t length = sizeof credentials;
    if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0)
        return -1;
    return credentials.pid;
}

int lx_lock(int descriptor) { return flock(descriptor, LOCK_EX | LOCK_NB); }
