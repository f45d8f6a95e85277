#pragma once
// What the first process of a user-mode Linux needs, and the process that starts one. A program that is linked with this
// and is started as the first process on a root of hostfs finds a proc on /proc.

// Every call returns a negative number and leaves errno set where the kernel refused.

// Keeps the calling thread, and what it starts, on one of the processors that it may use: the index-th, counted round.
int lx_pin(unsigned index);
// setrlimit(RLIMIT_CORE, 0).
int lx_forbid_cores(void);
// finit_module(2): a module whose dependencies are loaded. One that is loaded already is fine.
int lx_load_module(int descriptor);
// reboot(2): writes everything back and switches the machine off. Returns only where that was refused.
int lx_power_off(void);
// A terminal line that changes no octet in either direction.
int lx_make_raw(int terminal);
// Takes read-only away from a mount that this process made so.
int lx_mount_writable(const char *target);
// A new terminal: ends[0] is the side of whoever looks at it, ends[1] the side of the programs. Close-on-exec.
int lx_open_terminal(int ends[2]);
// Makes a terminal the calling session's own.
int lx_take_terminal(int terminal);
// How many octets are in a pipe; 0 where it is none.
int lx_readable(int pipe);
// The size of a terminal, in characters.
int lx_set_window(int terminal, unsigned short rows, unsigned short columns);
int lx_get_window(int terminal, unsigned short *rows, unsigned short *columns);
