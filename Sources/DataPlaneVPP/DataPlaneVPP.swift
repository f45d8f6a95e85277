import CLinux
package import DataPlane
import DataPlaneUserspace
import ESP
import Glibc
package import IKEModel
import LinuxSystem
package import NetAddress
package import VPPForwarder

/// A forwarder as a daemon's data plane: packet sockets on the host's interfaces that VPP has taken over, and a timer.
///
/// An interface that is taken over keeps its place in the host, without addresses: what comes there for VPP's Ethernet address
/// is no business of the host's stack. IPv6 is turned off on it, so that the stack says nothing on its own.
package final class DataPlaneVPP: DataPlane {
    package let name = "vpp"
    package let forwarder: Forwarder
    private var links: [(interface: Int, socket: FileDescriptor)] = []
    private let timer: FileDescriptor
    private var frame = [UInt8](repeating: 0, count: 65536 + ethernetOctets + virtioOctets)
    /// Frames of one call of `descriptorReady`, so that others have their turn.
    private static let burst = 256
    private static let virtioOctets = VirtioNetHeader.octetCount
    private static let ethernetOctets = 14
    /// What `PacketSegments` keeps the headers in.
    private let segmentHeaders = UnsafeMutableRawPointer.allocate(
        byteCount: PacketSegments.headerRoom, alignment: 16)

    package init(_ forwarder: Forwarder) throws(DataPlaneError) {
        self.forwarder = forwarder
        let opened = lx_timer_open()
        guard opened >= 0 else { throw DataPlaneError("\(SystemError.last("timerfd_create", "data plane"))") }
        timer = FileDescriptor(owning: opened)
        forwarder.takeOver = { [unowned self] in open($0, $1) }
        forwarder.release = { [unowned self] index in links.removeAll { $0.interface == index } }
        forwarder.transmit = { [unowned self] in transmit($0, $1) }
    }

    deinit { segmentHeaders.deallocate() }

    // MARK: Links

    private func open(_ interface: Int, _ name: String) -> Result<MACAddress, ForwarderError> {
        let index = if_nametoindex(name)
        var octets = [UInt8](repeating: 0, count: 6)
        guard index > 0, lx_ethernet_address(Int32(bitPattern: index), &octets) == 0,
            let mac = MACAddress(octets: octets)
        else { return .failure(.host("no Ethernet interface `\(name)'")) }
        let opened = clinux_capture_open(Int32(bitPattern: index), 1, 4 << 20)
        guard opened >= 0 else { return .failure(.host("\(SystemError("packet socket", name, code: -opened))")) }
        try? FileSystem.set("/proc/sys/net/ipv6/conf/\(name)/disable_ipv6", "1")
        _ = lx_add_interface_flags(name, LX_IFF_UP)
        links.append((interface, FileDescriptor(owning: opened)))
        return .success(mac)
    }

    /// A frame that the interface cannot take now is lost, as on a wire.
    private func transmit(_ interface: Int, _ frame: [UInt8]) {
        guard let link = links.first(where: { $0.interface == interface }) else { return }
        let octets = [UInt8](repeating: 0, count: Self.virtioOctets) + frame
        _ = octets.withUnsafeBytes { Glibc.send(link.socket.rawValue, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT)) }
    }

    package var descriptors: [Int32] { [timer.rawValue] + links.map(\.socket.rawValue) }

    package func descriptorReady(_ descriptor: Int32, at now: Instant) {
        if descriptor == timer.rawValue {
            var expirations: UInt64 = 0
            _ = read(descriptor, &expirations, 8)
            forwarder.wake(at: now)
        } else if let link = links.first(where: { $0.socket.rawValue == descriptor }) {
            var about = clinux_captured_frame()
            for _ in 0..<Self.burst {
                let count = frame.withUnsafeMutableBytes {
                    clinux_capture_receive(descriptor, $0.baseAddress, UInt($0.count), &about)
                }
                guard count >= 0 else { break }
                for whole in frames(count) { forwarder.receive(whole, on: link.interface, at: now) }
            }
        }
        setTimer()
    }

    /// The frames of what was read, `count` octets of `frame`: what the sender's stack left to its device is done, checksums
    /// and the cutting of superpackets. Empty where its headers do not bear it.
    private func frames(_ count: Int) -> [[UInt8]] {
        frame.withUnsafeMutableBytes { buffer in
            guard count > Self.virtioOctets + Self.ethernetOctets, let base = buffer.baseAddress else { return [] }
            let header = VirtioNetHeader(base)
            let whole = UnsafeMutableRawBufferPointer(rebasing: buffer[Self.virtioOctets..<count])
            let link = Array(whole[..<Self.ethernetOctets])
            let packet = UnsafeMutableRawBufferPointer(rebasing: whole[Self.ethernetOctets...])
            guard header.isSegmented || header.flags & VirtioNetHeader.needsChecksum != 0 else {
                return [Array(whole)]
            }
            guard header.isSegmented else { return Self.finished(whole, header).map { [$0] } ?? [] }
            guard let inner = InnerPacket(UnsafeRawBufferPointer(packet)) else { return [] }
            guard
                var segments = PacketSegments(
                    packet, inner, segmentOctets: Int(header.segmentOctets), hasECN: header.hasECN,
                    headers: segmentHeaders)
            else { return [] }
            var frames: [[UInt8]] = []
            while let segment = segments.next() { frames.append(link + Array(segment)) }
            return frames
        }
    }

    /// A frame with its checksum, of which the sender's stack has put the pseudo-header's sum in place (virtio 1.1 §5.1.6.2); nil
    /// where that place is outside.
    private static func finished(_ whole: UnsafeMutableRawBufferPointer, _ header: VirtioNetHeader) -> [UInt8]? {
        let start = Int(header.checksumStart)
        let place = start + Int(header.checksumOffset)
        guard start >= ethernetOctets, place + 2 <= whole.count else { return nil }
        let sum = ~InternetChecksum.fold(
            InternetChecksum.add(UnsafeRawBufferPointer(rebasing: whole[start...]), to: 0))
        // Of UDP a 0 would mean that there is none; to TCP both are the same.
        whole.storeBytes(of: sum == 0 ? 0xffff : sum, toByteOffset: place, as: UInt16.self)
        return Array(whole)
    }

    /// To be called when the forwarder may want to be woken at another time.
    private func setTimer() { _ = lx_timer_set(timer.rawValue, forwarder.nextWake?.nanoseconds ?? 0) }

    // MARK: IKE

    package var ownAddresses: [IPAddress]? { forwarder.ownAddresses.map(\.address) }

    package func transmit(_ datagram: Datagram, at now: Instant) -> Bool {
        forwarder.send(datagram, at: now)
        return true
    }

    package func takeDatagrams() -> [Datagram] {
        setTimer()
        return forwarder.takeDatagrams()
    }

    // MARK: Child SAs

    package func apply(_ change: KernelChange) throws(DataPlaneError) {
        switch change {
        case .install(let child):
            do throws(ForwarderError) { try forwarder.install(child) } catch {
                throw DataPlaneError("\(error)")
            }
        case .remove(let child): forwarder.remove(child)
        case .move(let move): forwarder.follow(move)
        // VPP starts nothing on demand, and a tunnel interface needs no keepalive of its own.
        case .route, .unroute, .keepAlive: break
        }
    }

    package func counters(of child: ChildSAID) -> ChildCounters? {
        guard let tunnel = forwarder.tunnel(of: child),
            let inbound = tunnel.inbound.first(where: { $0.child == child })?.association
        else { return nil }
        var counters = ChildCounters()
        counters.inboundOctets = inbound.opened.octets
        counters.inboundPackets = inbound.opened.packets
        counters.replays = inbound.opened.replays
        counters.integrityFailures = inbound.opened.integrityFailures
        if tunnel.child == child {
            counters.outboundOctets = tunnel.outbound.sealed.octets
            counters.outboundPackets = tunnel.outbound.sealed.packets
        }
        return counters
    }

    package func states() -> [SAState] { [] }
    package func policies() -> [PolicyState] { [] }
    package func takeReports() -> [DataPlaneReport] { [] }
    package func receiveEncapsulated(
        _ payload: UnsafeMutableRawBufferPointer, local: Endpoint, remote: Endpoint, at now: Instant
    ) {}
    package func shutdown() { links = [] }
}
