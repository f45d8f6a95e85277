#define _GNU_SOURCE
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/netlink.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <linux/xfrm.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture.h"

int clinux_become_user(uid_t user, gid_t group) {
    if (setgroups(0, NULL) < 0 || setresgid(group, group, group) < 0 || setresuid(user, user, user) < 0) return -errno;
    // The change of user took /proc/self from its new owner, who has to write his uid_map there.
    return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0 ? -errno : 0;
}

int clinux_probe_tun(void) {
    int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
    if (fd < 0) return -errno;
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
    int result = ioctl(fd, TUNSETIFF, &request) < 0 ? -errno : 0;
    close(fd);
    return result;
}

struct request {
    struct nlmsghdr header;
    char body[1024];
};

static void *append(struct request *request, const void *data, size_t size) {
    char *place = (char *)request + NLMSG_ALIGN(request->header.nlmsg_len);
    memset(place, 0, NLMSG_ALIGN(size));
    if (data) memcpy(place, data, size);
    request->header.nlmsg_len = NLMSG_ALIGN(request->header.nlmsg_len) + (uint32_t)size;
    return place;
}

static struct rtattr *append_attribute(struct request *request, uint16_t type, const void *data, size_t size) {
    struct rtattr *attribute = append(request, NULL, RTA_LENGTH(size));
    attribute->rta_type = type;
    attribute->rta_len = (uint16_t)RTA_LENGTH(size);
    if (data) memcpy(RTA_DATA(attribute), data, size);
    return attribute;
}

static void end_nested(struct request *request, struct rtattr *outer) {
    // With its padding: an attribute that reaches beyond the message would be ignored.
    request->header.nlmsg_len = NLMSG_ALIGN(request->header.nlmsg_len);
    outer->rta_len = (uint16_t)((char *)request + request->header.nlmsg_len - (char *)outer);
}

static struct request new_request(uint16_t type, const void *payload, size_t size) {
    struct request request = {.header = {
        .nlmsg_len = NLMSG_HDRLEN, .nlmsg_type = type,
        .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, .nlmsg_seq = 1}};
    append(&request, payload, size);
    return request;
}

// Sends the request to the kernel and returns its acknowledgement.
static int exchange(int protocol, struct request *request) {
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
    if (fd < 0) return -errno;
    char answer[4096] __attribute__((aligned(8)));
    int result = 0;
    if (send(fd, request, request->header.nlmsg_len, 0) < 0 || recv(fd, answer, sizeof answer, 0) < 0) {
        result = -errno;
    } else {
        const struct nlmsghdr *header = (const struct nlmsghdr *)answer;
        result = header->nlmsg_type == NLMSG_ERROR ? ((const struct nlmsgerr *)NLMSG_DATA(header))->error : -EPROTO;
    }
    close(fd);
    return result;
}

int clinux_probe_esp_state(void) {
    struct xfrm_usersa_info state = {
        .family = AF_INET, .mode = XFRM_MODE_TUNNEL, .reqid = 1, .flags = XFRM_STATE_ESN | XFRM_STATE_AF_UNSPEC,
        .id = {.proto = IPPROTO_ESP, .spi = htonl(0x1000)}};
    state.id.daddr.a4 = htonl(0xc0000202);  // 192.0.2.2
    state.saddr.a4 = htonl(0xc0000201);
    state.lft.soft_byte_limit = state.lft.hard_byte_limit = XFRM_INF;
    state.lft.soft_packet_limit = state.lft.hard_packet_limit = XFRM_INF;
    struct request request = new_request(XFRM_MSG_NEWSA, &state, sizeof state);
    // 32 octets of key and 4 of salt; then a window of 128.
    char key[sizeof(struct xfrm_algo_aead) + 36] = {0};
    struct xfrm_algo_aead algorithm = {.alg_name = "rfc4106(gcm(aes))", .alg_key_len = 36 * 8, .alg_icv_len = 128};
    memcpy(key, &algorithm, sizeof algorithm);
    append_attribute(&request, XFRMA_ALG_AEAD, key, sizeof key);
    char window[sizeof(struct xfrm_replay_state_esn) + 4 * sizeof(uint32_t)] = {0};
    struct xfrm_replay_state_esn replay = {.bmp_len = 4, .replay_window = 128};
    memcpy(window, &replay, sizeof replay);
    append_attribute(&request, XFRMA_REPLAY_ESN_VAL, window, sizeof window);
    return exchange(NETLINK_XFRM, &request);
}

int clinux_probe_mip6_state(void) {
    struct xfrm_usersa_info state = {
        .family = AF_INET6, .mode = XFRM_MODE_ROUTEOPTIMIZATION, .id = {.proto = IPPROTO_DSTOPTS}};
    state.id.daddr.a6[3] = state.saddr.a6[0] = htonl(0x20010db8);
    state.id.daddr.a6[0] = htonl(0x20010db8);
    state.saddr.a6[3] = htonl(1);
    state.lft.soft_byte_limit = state.lft.hard_byte_limit = XFRM_INF;
    state.lft.soft_packet_limit = state.lft.hard_packet_limit = XFRM_INF;
    struct request request = new_request(XFRM_MSG_NEWSA, &state, sizeof state);
    xfrm_address_t care_of = {.a6 = {htonl(0x20010db8), 0, 0, htonl(2)}};
    append_attribute(&request, XFRMA_COADDR, &care_of, sizeof care_of);
    return exchange(NETLINK_XFRM, &request);
}

static int make_veth(void) {
    struct ifinfomsg link = {.ifi_family = AF_UNSPEC};
    struct request request = new_request(RTM_NEWLINK, &link, sizeof link);
    append_attribute(&request, IFLA_IFNAME, "probe0", 7);
    struct rtattr *info = append_attribute(&request, IFLA_LINKINFO, NULL, 0);
    append_attribute(&request, IFLA_INFO_KIND, "veth", 4);
    struct rtattr *data = append_attribute(&request, IFLA_INFO_DATA, NULL, 0);
    struct rtattr *peer = append_attribute(&request, VETH_INFO_PEER, NULL, 0);
    append(&request, &link, sizeof link);
    append_attribute(&request, IFLA_IFNAME, "probe1", 7);
    end_nested(&request, peer);
    end_nested(&request, data);
    end_nested(&request, info);
    return exchange(NETLINK_ROUTE, &request);
}

static int set_up(const char *name) {
    struct ifinfomsg link = {.ifi_index = (int)if_nametoindex(name), .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
    struct request request = new_request(RTM_NEWLINK, &link, sizeof link);
    request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
    return exchange(NETLINK_ROUTE, &request);
}

int clinux_probe_netem(void) {
    struct tcmsg queue = {.tcm_family = AF_UNSPEC, .tcm_ifindex = 1, .tcm_parent = TC_H_ROOT};
    struct request request = new_request(RTM_NEWQDISC, &queue, sizeof queue);
    struct tc_netem_qopt options = {.latency = 1000, .limit = 100};
    append_attribute(&request, TCA_KIND, "netem", 6);
    append_attribute(&request, TCA_OPTIONS, &options, sizeof options);
    return exchange(NETLINK_ROUTE, &request);
}

int clinux_probe_packet_port(void) {
    int result = make_veth();
    if (result == 0) result = set_up("probe0");
    if (result == 0) result = set_up("probe1");
    if (result < 0) return result;
    int near = clinux_capture_open((int)if_nametoindex("probe0"), 1, 1 << 20);
    if (near < 0) return near;
    int far = clinux_capture_open((int)if_nametoindex("probe1"), 1, 1 << 20);
    if (far < 0) {
        close(near);
        return far;
    }
    // 10 octets of virtio_net_hdr, then a broadcast of the local experimental EtherType.
    unsigned char frame[10 + 60] = {0};
    memset(frame + 10, 0xff, 6);
    frame[16] = 0x02;
    frame[22] = 0x88;
    frame[23] = 0xb5;
    result = -ETIMEDOUT;
    // The kernel lets a new link send only when it has seen its carrier, some time after it is up; and other frames may come
    // first, as IPv6 announces itself. So: once more every 10 ms that nothing came, for a second.
    for (int attempt = 0; attempt < 100 && result == -ETIMEDOUT; attempt++) {
        if (send(near, frame, sizeof frame, 0) < 0 && errno != ENETDOWN && errno != ENOBUFS) result = -errno;
        struct pollfd ready = {.fd = far, .events = POLLIN};
        while (result == -ETIMEDOUT && poll(&ready, 1, 10) > 0) {
            unsigned char got[2048];
            struct clinux_captured_frame captured;
            long count = clinux_capture_receive(far, got, sizeof got, &captured);
            if (count == sizeof frame && memcmp(got + 10, frame + 10, 60) == 0) result = 0;
        }
    }
    close(near);
    close(far);
    return result;
}
