#define _GNU_SOURCE
#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <termios.h>
#include <unistd.h>

// <sys/mount.h> and <linux/mount.h> cannot both be included with every glibc.
extern int mount(const char *, const char *, const char *, unsigned long, const void *);

int lx_pin(unsigned index) {
    cpu_set_t usable, chosen;
    if (sched_getaffinity(0, sizeof usable, &usable) < 0) return -1;
    unsigned wanted = index % (unsigned)CPU_COUNT(&usable);
    CPU_ZERO(&chosen);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET(cpu, &usable)) continue;
        if (wanted-- != 0) continue;
        CPU_SET(cpu, &chosen);
        break;
    }
    return sched_setaffinity(0, sizeof chosen, &chosen);
}

int lx_forbid_cores(void) {
    struct rlimit none = {0, 0};
    return setrlimit(RLIMIT_CORE, &none);
}

int lx_load_module(int descriptor) {
    int result = (int)syscall(SYS_finit_module, descriptor, "", 0);
    return result < 0 && errno == EEXIST ? 0 : result;
}

int lx_power_off(void) {
    sync();
    return reboot(RB_POWER_OFF);
}

int lx_make_raw(int terminal) {
    struct termios modes;
    if (tcgetattr(terminal, &modes) < 0) return -1;
    cfmakeraw(&modes);
    return tcsetattr(terminal, TCSANOW, &modes);
}

int lx_open_terminal(int ends[2]) {
    int near = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (near < 0) return -1;
    int far = grantpt(near) < 0 || unlockpt(near) < 0 ? -1 : ioctl(near, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (far < 0) {
        int code = errno;
        close(near);
        errno = code;
        return -1;
    }
    ends[0] = near;
    ends[1] = far;
    return 0;
}

int lx_take_terminal(int terminal) { return ioctl(terminal, TIOCSCTTY, 0); }

int lx_readable(int pipe) {
    int count = 0;
    return ioctl(pipe, FIONREAD, &count) < 0 ? 0 : count;
}

int lx_set_window(int terminal, unsigned short rows, unsigned short columns) {
    struct winsize size = {.ws_row = rows, .ws_col = columns};
    return ioctl(terminal, TIOCSWINSZ, &size);
}

int lx_get_window(int terminal, unsigned short *rows, unsigned short *columns) {
    struct winsize size;
    if (ioctl(terminal, TIOCGWINSZ, &size) < 0) return -1;
    *rows = size.ws_row;
    *columns = size.ws_col;
    return 0;
}

static int is_first_process_on_hostfs(void) {
    struct statfs root;
    return getpid() == 1 && statfs("/", &root) == 0 && root.f_type == HOSTFS_SUPER_MAGIC;
}

// Swift's runtime looks for the arguments in /proc/self/maps while the program is loaded, before main and before any
// constructor of ours, and takes them for none where it cannot. `.preinit_array` is the one thing that comes earlier.
static void provide_proc(void) {
    if (!is_first_process_on_hostfs()) return;
    // Where this is refused, main finds no arguments and says so.
    mount("proc", "/proc", "proc", 0, NULL);
}
__attribute__((section(".preinit_array"), used)) static void (*const before_all)(void) = provide_proc;

int lx_mount_writable(const char *target) {
    struct mount_attr attributes = {.attr_clr = MOUNT_ATTR_RDONLY};
    return (int)syscall(SYS_mount_setattr, AT_FDCWD, target, 0, &attributes, sizeof attributes);
}
