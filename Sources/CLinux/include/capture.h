#pragma once
// Packet sockets that listen on the middle of the lab's links; the packet port of a data plane is another thing.
#include <stdint.h>

/// An AF_PACKET socket (raw frames, non-blocking, close-on-exec, outgoing frames ignored).
/// ifindex 0: frames that arrive on any interface of this network namespace; else of that one, to which it may send.
/// vnet_hdr: each frame has a virtio_net_hdr (10 octets) before it, which carries partial checksums and segmentation.
/// receive_buffer: octets asked for, beyond the system's limit where the caller may.
/// Returns the descriptor, or -errno.
int clinux_capture_open(int ifindex, int vnet_hdr, int receive_buffer);

/// What clinux_capture_receive says of a frame.
struct clinux_captured_frame {
    int32_t ifindex;
    int64_t seconds;      // since 1970
    int32_t nanoseconds;  // 0...999999999
    uint32_t length;      // octets on the link, which may be more than fit the buffer
};

/// Takes one frame; returns the octets stored (at most capacity), or -errno (-EAGAIN where there is none).
long clinux_capture_receive(int fd, void *buffer, unsigned long capacity, struct clinux_captured_frame *frame);

/// Frames that the kernel dropped for want of buffer since the last call, or -errno.
long clinux_capture_drops(int fd);
