import CLinux
import DataPlane
import Glibc
import LinuxSystem
import NetAddress
import Netlink

/// The interface where the stack hands over the packets that policy routing sends to it, and gets back what was
/// decrypted.
///
/// A pair of Ethernet interfaces, the far one held by a packet socket: it needs nothing but the network namespace's own
/// administrator, so it works for an ordinary user in a user namespace, where /dev/net/tun is closed. (A TUN device was
/// measured beside it: no faster.) It carries superpackets of up to 64 KiB with a `VirtioNetHeader`, so that the
/// stack's own segmentation and receive offload save work per packet. It has no addresses, and no neighbours are asked
/// for on it.
final class PacketPort {
    /// The stack's end, and the end that the packet socket holds.
    static let name = "swan0"
    static let heldName = "swan0p"
    /// The stack's end: the destination of the frames that bring it packets. Locally administered.
    private static let stackMAC: [UInt8] = [0x02, 0x53, 0x57, 0, 0, 1]
    private static let heldMAC: [UInt8] = [0x02, 0x53, 0x57, 0, 0, 2]
    /// Packets taken or given per system call.
    static let batch = 64
    /// The interface takes whatever comes; the MTU that makes ESP fit is the routes' (see `PolicyRouting`), because a
    /// veth would refuse incoming packets that are longer than its own.
    private static let interfaceMTU: UInt32 = 65535
    /// A superpacket with its headers.
    private static let frameRoom = 65535 + 128

    let interface: Int32
    private let socket: FileDescriptor
    let receiver = DatagramReceiver(capacity: PacketPort.batch, slotOctets: PacketPort.frameRoom)
    /// Octets of the link's header, between the virtio header and the packet.
    static let linkHeaderLength = 14

    var descriptor: Int32 { socket.rawValue }
    /// Octets before the IP packet of a frame.
    static let packetOffset = VirtioNetHeader.octetCount + linkHeaderLength

    init(netlink: NetlinkSocket) throws(DataPlaneError) {
        var step: UnsafePointer<CChar>?
        // What a daemon that was killed left behind is not in use by anyone: its packet socket died with it.
        try? netlink.send(.deleteLink(Self.name))
        do {
            try netlink.send(
                .createVeth(
                    VethEnd(name: Self.name, mac: MACAddress(octets: Self.stackMAC), mtu: Self.interfaceMTU),
                    peer: VethEnd(
                        name: Self.heldName, mac: MACAddress(octets: Self.heldMAC), mtu: Self.interfaceMTU)))
        } catch {
            throw DataPlaneError(
                "user-space ESP's packet port: \(error); run as root or in a user namespace (CAP_NET_ADMIN)"
            )
        }
        Self.quiet(Self.name)
        Self.setting("net/ipv6/conf/\(Self.heldName)/disable_ipv6", "1")
        guard lx_add_interface_flags(Self.heldName, LX_IFF_UP | LX_IFF_NOARP) == 0,
            lx_add_interface_flags(Self.name, LX_IFF_UP | LX_IFF_NOARP) == 0
        else { throw DataPlaneError("packet port: \(SystemError.last("ioctl SIOCSIFFLAGS", Self.name))") }
        interface = Int32(bitPattern: if_nametoindex(Self.name))
        let held = Int32(bitPattern: if_nametoindex(Self.heldName))
        let opened = lx_packet_socket(held, 8 << 20, &step)
        guard opened >= 0 else {
            let error = SystemError.last(step.map { String(cString: $0) } ?? "socket", Self.heldName)
            try? netlink.send(.deleteLink(Self.name))
            throw DataPlaneError("packet port: \(error); CAP_NET_RAW is needed")
        }
        socket = FileDescriptor(owning: opened)
    }

    /// No link-local address, no router solicitations, no reverse-path check: what comes in here was authenticated.
    private static func quiet(_ name: String) {
        setting("net/ipv6/conf/\(name)/addr_gen_mode", "1")
        setting("net/ipv6/conf/\(name)/accept_ra", "0")
        setting("net/ipv4/conf/\(name)/rp_filter", "0")
    }

    /// Best effort: where /proc/sys is read-only, or IPv6 is not built in, the port works too, a little noisier.
    private static func setting(_ path: String, _ value: String) { try? FileSystem.set("/proc/sys/" + path, value) }

    /// Takes the frames that wait; returns their number, 0 where none does. An error of the device counts as none: the
    /// next call meets it again or finds it mended.
    func receive() -> Int {
        (try? receiver.receive(from: descriptor)) ?? 0
    }

    /// Sends gathered frames to the stack; returns how many it did not take.
    func flush(_ queue: DatagramQueue) -> Int {
        queue.flush(to: descriptor)
    }

    /// Writes the link's header of a frame to the stack.
    func writeLinkHeader(to raw: UnsafeMutableRawPointer, isV6: Bool) {
        for index in 0..<6 {
            raw.storeBytes(of: Self.stackMAC[index], toByteOffset: index, as: UInt8.self)
            raw.storeBytes(of: Self.heldMAC[index], toByteOffset: 6 + index, as: UInt8.self)
        }
        raw.storeBytes(of: UInt16(isV6 ? 0x86dd : 0x0800).bigEndian, toByteOffset: 12, as: UInt16.self)
    }

    /// Takes the interface away; its routes go with it.
    func remove(netlink: NetlinkSocket) {
        socket.close()
        try? netlink.send(.deleteLink(Self.name))
    }
}
