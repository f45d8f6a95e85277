#define _GNU_SOURCE
#include "device.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

// One ETHTOOL_… request upon a device; 0 or -errno.
static int ask(int fd, const char *device, void *request) {
    struct ifreq call = {.ifr_data = request};
    strncpy(call.ifr_name, device, IFNAMSIZ - 1);
    return ioctl(fd, SIOCETHTOOL, &call) < 0 ? -errno : 0;
}

// The number of a feature, which differs from kernel to kernel, or -errno.
static int feature_number(int fd, const char *device, const char *feature) {
    union {
        struct ethtool_sset_info info;
        char room[sizeof(struct ethtool_sset_info) + sizeof(uint32_t)];
    } count = {.info = {.cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ULL << ETH_SS_FEATURES}};
    int result = ask(fd, device, &count);
    if (result < 0) return result;
    if (count.info.sset_mask == 0) return -EOPNOTSUPP;
    uint32_t length;
    memcpy(&length, count.info.data, sizeof length);
    struct ethtool_gstrings *names = calloc(1, sizeof *names + (size_t)length * ETH_GSTRING_LEN);
    if (!names) return -ENOMEM;
    names->cmd = ETHTOOL_GSTRINGS;
    names->string_set = ETH_SS_FEATURES;
    names->len = length;
    result = ask(fd, device, names);
    for (uint32_t i = 0; result == 0 && i < names->len; i++) {
        if (strncmp((char *)names->data + i * ETH_GSTRING_LEN, feature, ETH_GSTRING_LEN) == 0) {
            free(names);
            return (int)i;
        }
    }
    free(names);
    return result < 0 ? result : -ENOENT;
}

int clinux_device_feature_off(const char *device, const char *feature) {
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    int number = feature_number(fd, device, feature);
    int result = number;
    if (number >= 0) {
        uint32_t blocks = (uint32_t)number / 32 + 1;
        struct ethtool_sfeatures *change = calloc(1, sizeof *change + blocks * sizeof change->features[0]);
        if (change) {
            change->cmd = ETHTOOL_SFEATURES;
            change->size = blocks;
            change->features[number / 32].valid = 1U << (number % 32);
            result = ask(fd, device, change);
            free(change);
        } else {
            result = -ENOMEM;
        }
    }
    close(fd);
    return result;
}
