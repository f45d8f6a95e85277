#pragma once
// What Swift cannot see of Linux: variadic calls, macros with arguments, fork and clone.
#include "capture.h"  // packet sockets on the lab's links
#include "device.h"   // what a network device does by itself
#include "guest.h"    // user-mode Linux: pinning, modules, the end
#include "hostwatch.h"  // changes of addresses and routes
#include "kernelstate.h"  // what IPsec left in a network namespace
#include "mobility.h" // Mobile IPv6's raw sockets
#include "packet.h"   // AF_PACKET, TUN, batched datagrams
#include "probe.h"    // what this kernel can do, by trying it
#include "process.h"  // clone, namespaces, mounts, capabilities
#include "socket.h"   // poll loop, UDP with packet information, control sockets
