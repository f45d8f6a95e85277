#pragma once

// A socket that becomes readable when an address or a route of this network namespace changes; -1 with errno.
int lx_host_watch_open(void);
// Reads what has come. 1 where there was something, or too much of it to be kept; 0 where there was nothing.
int lx_host_watch_drain(int descriptor);
