import CLinux
import ESP
import Glibc
import LinuxSystem
import NetAddress
import Netlink

/// The short way from one local address to one peer: whole Ethernet frames, handed to the interface and addressed to the
/// next hop's link address, as the kernel's own output would do, without its work per packet (a raw socket keeps no
/// route: each packet passes all rules and tables anew, which is a third of what sending costs).
///
/// The kernel stays the one that decides. Ten times a second a batch goes by the raw socket, which keeps the neighbour
/// fresh as well; only when the kernel took all of it, and names an interface and a known neighbour, the batches of the
/// next tenth go the short way. Never where a packet filter might want to see them, nor where a packet must be cut into
/// fragments. Queueing disciplines and captures of the interface see no difference.
final class DirectPath {
    /// Packets of a batch from which it is worth it: a few always go by the raw socket.
    static let leastPackets = 8
    /// How long the kernel's answer holds.
    private static let checkNanoseconds: Int64 = 100_000_000
    private static let ethernetLength = 14
    /// Octets before a packet that the headers, Ethernet's and IP's, need at most.
    static let headerRoom = 54
    private static let sendOctets: Int32 = 8 << 20

    enum Turn {
        /// By the raw socket, and `check` afterwards.
        case check
        case rawSocket
        case direct
    }

    private let netlink: NetlinkSocket
    private let mark: UInt32
    private let local: IPAddress
    private let remote: IPAddress
    /// The interface's packet socket, from the first answer of the kernel that names one.
    private var link: (interface: Int32, socket: FileDescriptor)?
    /// Ethernet's header, then IP's.
    private let header: UnsafeMutableRawPointer
    /// Octets of the IP header.
    let headerLength: Int
    private var isUsable = false
    private var nextCheck: Int64 = .min
    private var identification = UInt16.random(in: .min ... .max)
    /// The longest IP packet that leaves whole.
    private(set) var mtu = 0

    var descriptor: Int32 { link?.socket.rawValue ?? -1 }

    init(netlink: NetlinkSocket, mark: UInt32, local: IPAddress, remote: IPAddress) {
        self.netlink = netlink
        self.mark = mark
        self.local = local
        self.remote = remote
        header = .allocate(byteCount: Self.headerRoom, alignment: 8)
        header.initializeMemory(as: UInt8.self, repeating: 0, count: Self.headerRoom)
        headerLength = local.family == .v4 ? 20 : 40
        let isV4 = local.family == .v4
        header.storeBytes(of: UInt16(isV4 ? 0x0800 : 0x86dd).bigEndian, toByteOffset: 12, as: UInt16.self)
        let ip = header + Self.ethernetLength
        ip.storeBytes(of: isV4 ? 0x45 : 0x60, as: UInt8.self)
        ip.storeBytes(of: 50, toByteOffset: isV4 ? 9 : 6, as: UInt8.self)
        for (index, octet) in (local.octets + remote.octets).enumerated() {
            ip.storeBytes(of: octet, toByteOffset: (isV4 ? 12 : 8) + index, as: UInt8.self)
        }
    }

    deinit { header.deallocate() }

    /// Which way the next batch goes; `now` in nanoseconds of the monotonic clock.
    func turn(at now: Int64) -> Turn { now >= nextCheck ? .check : isUsable ? .direct : .rawSocket }

    /// Asks the kernel, after a batch by the raw socket.
    /// - Parameter isAccepted: whether it took every packet: a filter's or a route's refusal shows there.
    func check(isAccepted: Bool, at now: Int64) {
        nextCheck = now + Self.checkNanoseconds
        isUsable = isAccepted && lx_has_packet_filter() == 0 && resolve()
    }

    /// No further packet until the next check.
    func distrust() { isUsable = false }

    private func resolve() -> Bool {
        guard let path = try? netlink.path(from: local, to: remote, mark: mark),
            let mac = try? netlink.linkAddress(of: path.nextHop, interface: path.interface),
            open(path.interface),
            lx_ethernet_address(path.interface, header.assumingMemoryBound(to: UInt8.self) + 6) == 0
        else { return false }
        let interfaceMTU = Int(lx_interface_mtu(path.interface))
        guard interfaceMTU > 0, let hopLimit = hopLimit(of: path.interface) else { return false }
        mtu = min(interfaceMTU, path.mtu.map { Int($0) } ?? .max)
        header.copyMemory(from: mac.octets, byteCount: mac.octets.count)
        header.storeBytes(
            of: hopLimit, toByteOffset: Self.ethernetLength + (local.family == .v4 ? 8 : 7), as: UInt8.self)
        return true
    }

    private func open(_ interface: Int32) -> Bool {
        if link?.interface == interface { return true }
        var step: UnsafePointer<CChar>?
        let socket = lx_link_socket(interface, Self.sendOctets, &step)
        link = socket < 0 ? nil : (interface, FileDescriptor(owning: socket))
        return socket >= 0
    }

    /// What the kernel writes into its own packets.
    private func hopLimit(of interface: Int32) -> UInt8? {
        var path = "/proc/sys/net/ipv4/ip_default_ttl"
        if local.family == .v6 {
            var name = [CChar](repeating: 0, count: Int(IF_NAMESIZE))
            guard if_indextoname(UInt32(bitPattern: interface), &name) != nil else { return nil }
            path =
                "/proc/sys/net/ipv6/conf/\(String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))/hop_limit"
        }
        guard let text = try? FileSystem.readText(path) else { return nil }
        return UInt8(text.prefix { $0.isNumber })
    }

    /// Writes the headers of an ESP packet and makes the frame the message of a queue.
    /// - Parameter packet: with `headerRoom` octets of room before it.
    func address(
        _ message: Int, of queue: DatagramQueue, _ packet: UnsafeMutableRawBufferPointer, trafficClass: UInt8
    ) {
        let ip = packet.baseAddress! - headerLength
        let start = ip - Self.ethernetLength
        let length = headerLength + packet.count
        start.copyMemory(from: header, byteCount: Self.ethernetLength + headerLength)
        if headerLength == 20 {
            ip.storeBytes(of: trafficClass, toByteOffset: 1, as: UInt8.self)
            ip.storeBytes(of: UInt16(length).bigEndian, toByteOffset: 2, as: UInt16.self)
            // RFC 6864 §4.1: packets that may be cut up on the way (DF is clear) have numbers of their own.
            identification &+= 1
            ip.storeBytes(of: identification.bigEndian, toByteOffset: 4, as: UInt16.self)
            ip.storeBytes(of: InternetChecksum.headerChecksum(ip, length: 20), toByteOffset: 10, as: UInt16.self)
        } else {
            ip.storeBytes(of: 0x60 | trafficClass >> 4, as: UInt8.self)
            ip.storeBytes(of: trafficClass << 4, toByteOffset: 1, as: UInt8.self)
            ip.storeBytes(of: UInt16(packet.count).bigEndian, toByteOffset: 4, as: UInt16.self)
        }
        queue.replace(
            message, UnsafeMutableRawBufferPointer(start: start, count: Self.ethernetLength + length))
    }
}
