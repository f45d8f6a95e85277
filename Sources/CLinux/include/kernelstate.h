#pragma once
// How much of IPsec's configuration stands in the network namespace of the calling thread.

struct clinux_kernel_state {
    int rules_v4;  // routing rules; 3 in a new namespace
    int rules_v6;  // 2 in a new one, 0 without IPv6
    int states;    // XFRM states; 0 where the kernel has no XFRM
    int policies;  // XFRM policies, those of sockets among them
};

/// Counts them; 0 or -errno.
int clinux_count_kernel_state(struct clinux_kernel_state *counts);
