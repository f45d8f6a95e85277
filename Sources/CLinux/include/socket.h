#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Every call returns a negative number and leaves errno set where the kernel refused, unless its comment says otherwise.

// MARK: The loop's sources

// What epoll reports of one descriptor.
struct lx_ready {
    uint64_t tag;  // as given to lx_epoll_control
    bool readable, writable, broken;
};
int lx_epoll_open(void);
// Adds, changes or removes ('+', '=', '-') a descriptor.
int lx_epoll_control(int epoll, char operation, int descriptor, bool read, bool write, uint64_t tag);
// Waits up to so many milliseconds (-1: for ever); the number of entries filled, at most 64.
int lx_epoll_wait(int epoll, struct lx_ready *ready, int count, int milliseconds);

// A timerfd on CLOCK_MONOTONIC, non-blocking.
int lx_timer_open(void);
// Fires once at an absolute time in nanoseconds; 0 disarms. A time that has passed fires at once.
int lx_timer_set(int descriptor, int64_t nanoseconds);
// Blocks the signals in this thread and gives a non-blocking signalfd that reads them.
int lx_signal_open(const int *signals, int count);
// The next pending signal's number; -1 with EAGAIN where none is.
int lx_signal_next(int descriptor);

// MARK: UDP with packet information (RFC 3542 §6)

// An address and a port; the first 4 or 16 octets of `address`, in network order; `port` in host order.
struct lx_endpoint {
    uint8_t octet_count;  // 4 or 16
    uint8_t address[16];
    uint16_t port;
    uint32_t interface;  // index; 0: any. Told for link-local peers, which are nothing without it.
};

// A non-blocking UDP socket bound to `local`, which tells for each datagram what local address it was sent to and which may
// be fragmented on its way (no DF: an IKE message may exceed the path MTU). Bound to the unspecified address it hears all, and
// is refused where anyone has the port; bound to a definite one, it takes what is for that address away from the former.
// On failure `*failed_step` names the call.
int lx_udp_open(const struct lx_endpoint *local, const char **failed_step);
// A non-blocking connection of a TCP socket that listens; -1 with EAGAIN where none waits.
int lx_accept(int descriptor);
// SO_MARK, for the policy rules. Needs CAP_NET_ADMIN.
int lx_set_mark(int descriptor, uint32_t mark);
// UDP_GRO: consecutive datagrams of one sender may come as one, up to 64 KiB.
int lx_join_datagrams(int descriptor);
// SO_RCVBUF and SO_SNDBUF, as far as the limits of the system let it.
void lx_set_buffers(int descriptor, int octets);
// The port that a socket is bound to.
int lx_bound_port(int descriptor);
// One datagram: `marker_octets` zero octets (0 or 4), then the data. Leaves from `local`'s address.
long lx_udp_send(
    int descriptor, const struct lx_endpoint *local, const struct lx_endpoint *remote, size_t marker_octets,
    const void *data, size_t count);

// Slots for the datagrams of one recvmmsg call. The memory is touched, and so taken, only as far as datagrams fill it.
struct lx_udp_batch;
struct lx_udp_batch *lx_udp_batch_new(unsigned slots);
void lx_udp_batch_free(struct lx_udp_batch *batch);
// Fills slots from the first on; returns their number. Truncated datagrams have a count of 0.
int lx_udp_batch_receive(struct lx_udp_batch *batch, int descriptor, uint16_t local_port);
// The datagram of a slot, valid until the next receive.
uint8_t *lx_udp_batch_data(struct lx_udp_batch *batch, unsigned slot, size_t *count);
// The octets of each datagram of a slot of joined ones, of which the last may be shorter; 0: one datagram.
size_t lx_udp_batch_segment(const struct lx_udp_batch *batch, unsigned slot);
// Where it came from and what local address it went to. False where that was no unicast address of this host.
bool lx_udp_batch_ends(
    const struct lx_udp_batch *batch, unsigned slot, struct lx_endpoint *local, struct lx_endpoint *remote);

// MARK: Control sockets (AF_UNIX, SOCK_SEQPACKET: the kernel keeps the boundaries of messages)

// Binds, with mode 0600, and listens; non-blocking.
int lx_unix_listen(const char *path, int backlog);
int lx_unix_connect(const char *path);
// A non-blocking connection; -1 with EAGAIN where none waits.
int lx_unix_accept(int descriptor);
// One message. MSG_NOSIGNAL: a reader that is gone gives EPIPE.
long lx_unix_send(int descriptor, const void *data, size_t count);
// One message, of which `*truncated` tells whether it was longer than the buffer; 0 at the end.
long lx_unix_receive(int descriptor, void *buffer, size_t count, bool *truncated);
// The process at the other end, as it was at the time of connect or listen.
int lx_unix_peer(int descriptor);
// flock(LOCK_EX | LOCK_NB).
int lx_lock(int descriptor);
