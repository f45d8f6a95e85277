#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// Every call returns a negative number and leaves errno set where the kernel refused, unless its comment says
// otherwise.

// A pipe, both ends close-on-exec: ends[0] reads, ends[1] writes.
int lx_pipe(int ends[2]);
// A new terminal that changes no octet (raw), and is nobody's controlling one: ends[0] is the master, ends[1] the other
// side. Both are closed on exec. -1 with errno where this machine gives none.
int lx_terminal(int ends[2]);

// fork(2). Swift hides it, because of the threads that a child does not have: only a single-threaded program may call
// it.
pid_t lx_fork(void);

// unshare(2), setns(2); `flags` of the LX_NEW* below.
int lx_unshare(int flags);
int lx_setns(int descriptor, int flags);
extern const int LX_NEWUSER, LX_NEWPID, LX_NEWNS, LX_NEWNET, LX_NEWUTS, LX_NEWIPC, LX_NEWCGROUP;

// prctl(PR_SET_PDEATHSIG): the signal that comes when the thread that made this process ends; 0 for none.
int lx_set_parent_death_signal(int signal);
// prctl(PR_SET_NAME): what ps shows, at most 15 octets.
int lx_set_name(const char *name);
// The same, and the words of the command line too, as far as the old ones left room: `arguments` are main's own.
int lx_set_command_line(int count, char **arguments, const char *name);
// prctl(PR_SET_CHILD_SUBREAPER).
int lx_set_subreaper(bool on);
int lx_sethostname(const char *name, size_t length);
// close_range(2): closes first...last, both included.
int lx_close_range(unsigned first, unsigned last);
// Blocks every signal of the calling thread; restores the signals as they were before the last block.
void lx_block_signals(void);
void lx_restore_signals(void);
// Blocks every signal until one of the given comes, then returns its number.
int lx_wait_signal(const int *signals, int count);
// kill(2) through a descriptor of the process: immune to its number being used again. pidfd_open(2) makes one.
int lx_pidfd_open(pid_t pid);
int lx_pidfd_send_signal(int descriptor, int signal);

// mount(2); null for an argument that a kind of mount does not have.
int lx_mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data);
int lx_umount(const char *target, int flags);
int lx_pivot_root(const char *new_root, const char *put_old);
// mount_setattr(2): makes a mount, and those below it where `recursive`, read-only.
int lx_mount_read_only(const char *target, bool recursive);
// Flags of lx_mount and lx_umount.
extern const unsigned long LX_MS_BIND, LX_MS_REC, LX_MS_PRIVATE, LX_MS_SHARED, LX_MS_RDONLY, LX_MS_NOSUID, LX_MS_NODEV,
    LX_MS_NOEXEC, LX_MS_REMOUNT;
extern const int LX_MNT_DETACH;

// What lx_spawn starts.
struct lx_spawn_request {
    // Paths to try, in order; the first that can be executed is. Ended by null.
    const char *const *candidates;
    const char *const *arguments;    // ended by null
    const char *const *environment;  // ended by null
    const char *working_directory;   // null: the caller's
    // Descriptors that become 0, 1, 2, …; all others are closed.
    const int *descriptors;
    int descriptor_count;
    // Namespaces to enter: descriptors with their LX_NEW* kinds, in order. LX_NEWPID is not among them.
    const int *namespaces;
    const int *namespace_kinds;
    int namespace_count;
    bool new_session;        // setsid
    bool new_group;          // setpgid(0, 0)
    int parent_death_signal; // 0 for none
};

// Starts a command (vfork, exec) with all signals at their default. Returns its process id; -1 with errno of the step
// that failed, which `*failed_step` names ("setns", "chdir", "dup2", "execve").
pid_t lx_spawn(const struct lx_spawn_request *request, const char **failed_step);

// prctl(PR_SET_DUMPABLE): whether /proc/self belongs to our own user; a change of user takes it away.
int lx_set_dumpable(bool on);
