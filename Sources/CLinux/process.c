#define _GNU_SOURCE
#include "process.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

// <sys/mount.h> and <linux/mount.h> cannot both be included with every glibc: the few names used are declared here.
extern int mount(const char *, const char *, const char *, unsigned long, const void *);
extern int umount2(const char *, int);

const int LX_NEWUSER = CLONE_NEWUSER, LX_NEWPID = CLONE_NEWPID, LX_NEWNS = CLONE_NEWNS, LX_NEWNET = CLONE_NEWNET,
          LX_NEWUTS = CLONE_NEWUTS, LX_NEWIPC = CLONE_NEWIPC, LX_NEWCGROUP = CLONE_NEWCGROUP;
const unsigned long LX_MS_BIND = MS_BIND, LX_MS_REC = MS_REC, LX_MS_PRIVATE = MS_PRIVATE, LX_MS_SHARED = MS_SHARED,
                    LX_MS_RDONLY = MS_RDONLY, LX_MS_NOSUID = MS_NOSUID, LX_MS_NODEV = MS_NODEV,
                    LX_MS_NOEXEC = MS_NOEXEC, LX_MS_REMOUNT = MS_REMOUNT;
const int LX_MNT_DETACH = 2;

int lx_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }
int lx_terminal(int ends[2]) {
    char name[64];
    struct termios modes;
    ends[1] = -1;
    ends[0] = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (ends[0] < 0)
        return -1;
    if (grantpt(ends[0]) == 0 && unlockpt(ends[0]) == 0 && ptsname_r(ends[0], name, sizeof name) == 0)
        ends[1] = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (ends[1] >= 0 && tcgetattr(ends[1], &modes) == 0) {
        cfmakeraw(&modes);
        if (tcsetattr(ends[1], TCSANOW, &modes) == 0)
            return 0;
    }
    int code = errno;
    close(ends[0]);
    if (ends[1] >= 0)
        close(ends[1]);
    errno = code;
    return -1;
}
pid_t lx_fork(void) { return fork(); }
int lx_unshare(int flags) { return unshare(flags); }
int lx_setns(int descriptor, int flags) { return setns(descriptor, flags); }
int lx_set_parent_death_signal(int signal) { return prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0); }
int lx_set_name(const char *name) { return prctl(PR_SET_NAME, name, 0, 0, 0); }
int lx_set_command_line(int count, char **arguments, const char *name) {
    if (count > 0) {
        char *start = arguments[0];
        char *end = start;
        // The words lie one behind the other where the kernel put them; words that somebody moved are left alone.
        for (int i = 0; i < count && arguments[i] == end; i++)
            end = arguments[i] + strlen(arguments[i]) + 1;
        memset(start, 0, (size_t)(end - start));
        strncpy(start, name, (size_t)(end - start) - 1);
    }
    return lx_set_name(name);
}
int lx_set_subreaper(bool on) { return prctl(PR_SET_CHILD_SUBREAPER, on, 0, 0, 0); }
int lx_sethostname(const char *name, size_t length) { return sethostname(name, length); }
int lx_close_range(unsigned first, unsigned last) { return (int)syscall(SYS_close_range, first, last, 0); }

static sigset_t signals_before;
void lx_block_signals(void) {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &signals_before);
}
void lx_restore_signals(void) { sigprocmask(SIG_SETMASK, &signals_before, NULL); }

int lx_wait_signal(const int *signals, int count) {
    sigset_t all, wanted;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    sigemptyset(&wanted);
    for (int i = 0; i < count; i++)
        sigaddset(&wanted, signals[i]);
    return sigwaitinfo(&wanted, NULL);
}

int lx_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }
int lx_pidfd_send_signal(int descriptor, int signal) {
    return (int)syscall(SYS_pidfd_send_signal, descriptor, signal, NULL, 0);
}

int lx_mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data) {
    return mount(source, target, type, flags, data);
}
int lx_umount(const char *target, int flags) { return umount2(target, flags); }
int lx_pivot_root(const char *new_root, const char *put_old) {
    return (int)syscall(SYS_pivot_root, new_root, put_old);
}
int lx_mount_read_only(const char *target, bool recursive) {
    struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY};
    return (int)syscall(
        SYS_mount_setattr, AT_FDCWD, target, recursive ? AT_RECURSIVE : 0, &attributes, sizeof attributes);
}

// Runs in the child, which shares memory with its suspended parent: system calls only.
static const char *become(const struct lx_spawn_request *r) {
    if (r->parent_death_signal != 0)
        prctl(PR_SET_PDEATHSIG, r->parent_death_signal, 0, 0, 0);
    for (int i = 0; i < r->namespace_count; i++)
        if (setns(r->namespaces[i], r->namespace_kinds[i]) != 0)
            return "setns";
    if (r->new_session && setsid() < 0)
        return "setsid";
    if (r->new_group && setpgid(0, 0) != 0)
        return "setpgid";
    if (r->working_directory != NULL && chdir(r->working_directory) != 0)
        return "chdir";
    // First out of the way of 0...count-1, so that no dup2 overwrites a source still to come.
    int moved[16];
    for (int i = 0; i < r->descriptor_count; i++) {
        moved[i] = fcntl(r->descriptors[i], F_DUPFD_CLOEXEC, r->descriptor_count);
        if (moved[i] < 0)
            return "dup";
    }
    for (int i = 0; i < r->descriptor_count; i++)
        if (dup2(moved[i], i) < 0)
            return "dup2";
    syscall(SYS_close_range, r->descriptor_count, UINT_MAX, 0);
    struct sigaction standard = {.sa_handler = SIG_DFL};
    for (int signal = 1; signal < NSIG; signal++)
        sigaction(signal, &standard, NULL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    int code = ENOENT;
    for (const char *const *path = r->candidates; *path != NULL; path++) {
        execve(*path, (char *const *)r->arguments, (char *const *)r->environment);
        // As a shell does: what exists but may not run is a better answer than what does not exist.
        if (errno != ENOENT && errno != ENOTDIR)
            code = errno;
    }
    errno = code;
    return "execve";
}

__attribute__((noinline)) pid_t lx_spawn(const struct lx_spawn_request *request, const char **failed_step) {
    volatile int code = 0;
    const char *volatile step = NULL;
    if (request->descriptor_count > 16) {
        errno = EINVAL;
        *failed_step = "dup";
        return -1;
    }
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid_t child = vfork();
    if (child == 0) {
        step = become(request);
        code = errno;
        _exit(127);
    }
    int fork_code = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (child < 0) {
        *failed_step = "vfork";
        errno = fork_code;
        return -1;
    }
    if (step != NULL) {
        siginfo_t ignored;
        // The child's number is not known to anyone: it is collected here.
        while (syscall(SYS_waitid, 1 /* P_PID */, child, &ignored, 4 /* WEXITED */, NULL) < 0 && errno == EINTR)
            ;
        *failed_step = step;
        errno = code;
        return -1;
    }
    return child;
}

int lx_set_dumpable(bool on) { return prctl(PR_SET_DUMPABLE, on, 0, 0, 0); }
