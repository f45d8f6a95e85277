#pragma once

#include <stddef.h>
#include <stdint.h>

// Raw IPv6 sockets of one protocol that know both ends of what they take and give (RFC 3542). Every call returns a negative
// number and leaves errno set where the kernel refused.

// Non-blocking. The kernel computes and checks the checksums of Mobility Headers and of ICMPv6; of the latter the two types,
// where they are not 0, alone are let in.
int lx_raw6_open(int protocol, uint8_t first_icmp_type, uint8_t second_icmp_type);
// 16 octets an address. Where `via` is not null, a type 2 routing header (RFC 6275 §6.4) takes the packet there first.
long lx_raw6_send(
    int descriptor, const uint8_t *source, const uint8_t *destination, const uint8_t *via, uint32_t interface,
    const void *data, size_t count);
// One message and its ends, as they are once routing header and home address option have been looked at; -1 with EAGAIN where
// none waits.
long lx_raw6_receive(int descriptor, uint8_t *source, uint8_t *destination, void *buffer, size_t count);
