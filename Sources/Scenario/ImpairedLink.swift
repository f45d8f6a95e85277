import CaptureFile
package import LinuxSystem

/// A link without a bridge: the run itself carries the frames from end to end, and does to them what it is to do.
package final class ImpairedLink {
    private struct End {
        let host: String
        let socket: PacketSocket
        /// Frames that wait for the next one of this end.
        var held: [(id: Int, octets: [UInt8])] = []
    }

    private var ends: [End]
    private let watch: DescriptorWatch
    package private(set) var judge: ImpairmentJudge
    private var lastID = 0

    /// Octets of the virtio_net_hdr before each frame.
    private static let offloadHeader = 10
    /// How long a frame waits for one that is to overtake it.
    private static let patience = Duration.milliseconds(500)

    /// - Parameter ends: the far ends of the hosts' interfaces, by number, in this network namespace.
    package init(
        ends: [(host: String, interface: UInt32)], impairments: [LinkImpairment], watch: DescriptorWatch
    ) throws(SystemError) {
        var opened: [End] = []
        for end in ends {
            opened.append(
                End(host: end.host, socket: try PacketSocket(interfaceIndex: end.interface, offloads: true)))
        }
        self.ends = opened
        self.watch = watch
        judge = ImpairmentJudge(impairments)
        for (index, end) in opened.enumerated() {
            watch.add(end.socket.descriptor.rawValue) { [unowned self] in carry(from: index) }
        }
    }

    deinit { for end in ends { watch.remove(end.socket.descriptor.rawValue) } }

    /// Carries what waits at one end, at most 256 frames before the others have their turn.
    private func carry(from index: Int) {
        var left = 256
        while left > 0, ends[index].socket.receive({ _, octets in pass(octets, from: index) }) { left -= 1 }
    }

    private func pass(_ octets: ArraySlice<UInt8>, from index: Int) {
        let fate = judge.fate(of: octets.dropFirst(Self.offloadHeader), from: ends[index].host)
        switch fate {
        case .drop: return
        case .pass: send(octets, from: index)
        case .duplicate:
            send(octets, from: index)
            send(octets, from: index)
        case .corrupt(let at): send(Self.corrupted(Array(octets), at: Self.offloadHeader + at)[...], from: index)
        case .delay(let duration):
            let copy = Array(octets)
            watch.call(after: duration) { [weak self] in self?.send(copy[...], from: index) }
            return
        case .reorder:
            lastID += 1
            let id = lastID
            ends[index].held.append((id, Array(octets)))
            watch.call(after: Self.patience) { [weak self] in self?.release(id, from: index) }
            return
        }
        // The one that was to be overtaken has been.
        let held = ends[index].held
        ends[index].held = []
        for (_, octets) in held { send(octets[...], from: index) }
    }

    private func release(_ id: Int, from index: Int) {
        guard let place = ends[index].held.firstIndex(where: { $0.id == id }) else { return }
        send(ends[index].held.remove(at: place).octets[...], from: index)
    }

    private func send(_ octets: ArraySlice<UInt8>, from index: Int) {
        for (other, end) in ends.enumerated() where other != index { end.socket.send(octets) }
    }

    /// Inverts an octet of a frame and keeps its UDP checksum right, so that it is the daemon who sees the change.
    static func corrupted(_ octets: [UInt8], at index: Int) -> [UInt8] {
        var octets = octets
        octets[index] ^= 0xff
        // VIRTIO_NET_HDR_F_NEEDS_CSUM: the checksum is not made yet, and will be of what is there now.
        if octets[0] & 1 != 0 { return octets }
        let frame = octets[offloadHeader...]
        guard let view = PacketView(frame: frame, linkType: .ethernet), view.ipProtocol == 17,
            case .udp(_, _, let payload) = view.content
        else { return octets }
        let place = payload.startIndex - 2
        let old = Int(octets[place]) << 8 | Int(octets[place + 1])
        // 0: none was made.
        if old == 0 { return octets }
        // RFC 1624: HC' = ~(~HC + ~m + m'), of the word that the octet is in.
        let isHigh = (index - payload.startIndex).isMultiple(of: 2)
        let (new, before) = (Int(octets[index]), Int(octets[index] ^ 0xff))
        var sum = ~old & 0xffff
        sum += ~(isHigh ? before << 8 : before) & 0xffff
        sum += isHigh ? new << 8 : new
        while sum > 0xffff { sum = sum & 0xffff + sum >> 16 }
        let sealed = ~sum & 0xffff
        let value = sealed == 0 ? 0xffff : sealed
        octets[place] = UInt8(value >> 8)
        octets[place + 1] = UInt8(value & 0xff)
        return octets
    }
}
