#pragma once

#include <stdbool.h>
#include <stdint.h>

// A socket that becomes readable when an address or a route of this network namespace changes, or a link where that is
// wanted; -1 with errno.
int lx_host_watch_open(bool links);
// Reads what has come. 1 where there was something, or too much of it to be kept; 0 where there was nothing but changes by
// the netlink socket `ignored` (its nl_pid; 0 ignores none).
int lx_host_watch_drain(int descriptor, uint32_t ignored);
