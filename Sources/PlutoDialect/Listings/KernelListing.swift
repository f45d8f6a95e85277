import DataPlane
import DialectKit
import IKECrypto
import IKEModel
import NetAddress

/// `ipsec _kernel state` and `ipsec _kernel policy`: SAs and policies as iproute2's `ip xfrm` lists them.
enum KernelListing {
    static func states(
        _ states: [SAState], reserved: [ReservedSPI] = [], acquires: [AcquireState] = []
    ) -> [String] {
        states.flatMap(lines(of:)) + reserved.flatMap(lines(of:)) + acquires.flatMap(lines(of:))
    }

    /// The kernel has a state for an SPI from when it gives it out.
    private static func lines(of reserved: ReservedSPI) -> [String] {
        let bits = reserved.local.family.bitCount
        return [
            "src \(reserved.remote) dst \(reserved.local)",
            "\tproto esp spi 0x\(reserved.spi) reqid \(reserved.reqid) mode transport", "\treplay-window 0 ",
            "\tsel src \(reserved.remote)/\(bits) dst \(reserved.local)/\(bits) ",
        ]
    }

    /// And one for a packet that asked for an SA.
    private static func lines(of acquire: AcquireState) -> [String] {
        let packet = acquire.packet
        func range(_ address: IPAddress, _ port: UInt16) -> TrafficSelector {
            TrafficSelector(IPPrefix(host: address), ipProtocol: packet.ipProtocol, port: port)
        }
        var text = selector(range(packet.source, packet.sourcePort), range(packet.destination, packet.destinationPort))
        // ICMP's type and code, which the packet has in the place of two ports.
        if packet.ipProtocol == 1 || packet.ipProtocol == 58 {
            text = selector(range(packet.source, 0), range(packet.destination, 0))
            text += " type \(packet.sourcePort) code \(packet.destinationPort)"
        }
        return [
            "src \(packet.source) dst \(packet.destination)",
            "\tproto esp spi 0x00000000 reqid 0 mode transport", "\treplay-window 0 ",
            "\tsel \(text) \(acquire.interface.map { "dev \($0) " } ?? "")",
        ]
    }

    private static func lines(of state: SAState) -> [String] {
        let child = state.installation
        let direction = state.isInbound ? child.inbound : child.outbound
        let (source, destination) = state.isInbound ? (child.remote, child.local) : (child.local, child.remote)
        let isTunnel = child.mode == .tunnel
        let window = state.isInbound ? child.replayWindow : 0
        let esn = child.suite.extendedSequenceNumbers
        // The kernel's old replay state holds 32 packets; a larger window or ESN needs the new one.
        let isLarge = esn || child.replayWindow > 32
        let flags = (isTunnel ? ["af-unspec"] : []) + (esn ? ["esn"] : [])
        var lines = [
            "src \(source) dst \(destination)",
            "\tproto esp spi 0x\(direction.spi) reqid \(child.reqid) mode \(isTunnel ? "tunnel" : "transport")",
            "\treplay-window \(isLarge ? 0 : window) \(flags.isEmpty ? "" : "flag \(flags.joined(separator: " "))")",
        ]
        let marks = child.marks
        if let mark = state.isInbound ? marks.inbound : marks.outbound,
            state.isInbound ? marks.marksInboundSA : marks.marksOutboundSA
        {
            lines.append("\tmark \(mark.text) ")
        }
        lines += algorithms(child.suite, direction)
        switch child.encapsulation {
        case .none: break
        case .udp(let local, let remote): lines.append(encapsulation("espinudp", state, local, remote))
        case .tcp(let local, let remote): lines.append(encapsulation("espintcp", state, local, remote))
        }
        if let used = state.lastUsedSeconds {
            lines.append("\tlastused \(CalendarTime(secondsSince1970: used).text)")
        }
        lines += isLarge ? largeReplay(state, window: window) : smallReplay(state)
        if let id = state.isInbound ? marks.inboundInterface : marks.outboundInterface {
            lines.append("\tif_id 0x\(hex(id))")
        }
        if !isTunnel, let local = child.localSelectors.first, let remote = child.remoteSelectors.first {
            let (from, to) = state.isInbound ? (remote, local) : (local, remote)
            lines.append("\tsel \(selector(from, to)) ")
        }
        return lines
    }

    private static func encapsulation(_ type: String, _ state: SAState, _ local: UInt16, _ remote: UInt16) -> String {
        let (from, to) = state.isInbound ? (remote, local) : (local, remote)
        return "\tencap type \(type) sport \(from) dport \(to) addr 0.0.0.0"
    }

    private static func algorithms(_ suite: ESPSuite, _ direction: ESPDirection) -> [String] {
        let key = hex(direction.encryptionKey)
        let algorithm = suite.cipher.algorithm
        let name = KernelAlgorithm.name(algorithm) ?? algorithm.name
        if algorithm.isAEAD { return ["\taead \(name) \(key) \(algorithm.icvLength * 8)"] }
        let hash = KernelAlgorithm.name(suite.integrity) ?? suite.integrity.name
        var lines: [String] = []
        if suite.integrity != .none {
            lines.append("\tauth-trunc \(hash) \(hex(direction.integrityKey)) \(suite.integrity.icvLength * 8)")
        }
        lines.append("\tenc \(name) \(key)")
        return lines
    }

    /// `struct xfrm_replay_state_esn`: the window's words are printed last to first, eight a line.
    private static func largeReplay(_ state: SAState, window: Int) -> [String] {
        let low = UInt32(truncatingIfNeeded: state.sequence)
        let high = UInt32(truncatingIfNeeded: state.sequence >> 32)
        let (inLow, inHigh, outLow, outHigh) = state.isInbound ? (low, high, 0, 0) : (0, 0, low, high)
        let words = (window + 31) / 32
        var lines = [
            "\tanti-replay esn context:",
            "\t seq-hi 0x\(hex(inHigh)), seq 0x\(hex(inLow)), oseq-hi 0x\(hex(outHigh)), oseq 0x\(hex(outLow))",
            "\t replay_window \(window), bitmap-length \(words)",
        ]
        guard words > 0 else { return lines }
        // A packet's bit lies at its sequence number minus one, modulo the window.
        var bitmap = [UInt32](repeating: 0, count: words)
        for age in 0..<UInt64(window) where state.sequence > age && hasCome(state, age) {
            let position = Int((state.sequence - 1 - age) % UInt64(window))
            bitmap[position / 32] |= 1 << UInt32(position % 32)
        }
        let reversed = bitmap.reversed().map { eightDigits($0) + " " }
        for start in stride(from: 0, to: words, by: 8) {
            lines.append("\t " + reversed[start..<min(start + 8, words)].joined())
        }
        return lines
    }

    /// Whether the packet so many numbers before the highest has come.
    private static func hasCome(_ state: SAState, _ age: UInt64) -> Bool {
        let word = Int(age / 32)
        return word < state.replayBitmap.count && state.replayBitmap[word] >> UInt32(age % 32) & 1 == 1
    }

    private static func smallReplay(_ state: SAState) -> [String] {
        let sequence = hex(UInt32(truncatingIfNeeded: state.sequence))
        let (seq, oseq) = state.isInbound ? (sequence, "0") : ("0", sequence)
        let bitmap = state.isInbound ? state.replayBitmap.first ?? 0 : 0
        return ["\tanti-replay context: seq 0x\(seq), oseq 0x\(oseq), bitmap 0x\(eightDigits(bitmap))"]
    }

    // MARK: Policies

    /// In the order of their selectors' numbers, then fwd, in, out, as the script that libreswan lists them with does.
    static func policies(_ policies: [PolicyState]) -> [String] {
        var listed: [(order: [UInt128], lines: [String])] = []
        for policy in policies {
            let isTrap = policy.action == .onDemand || policy.action == .block
            // What holds packets back does so on their way out.
            if isTrap, policy.direction != .outbound { continue }
            let direction =
                switch policy.direction {
                case .outbound: "out"
                case .inbound: "in"
                case .forward: "fwd"
                }
            var lines = [
                selector(policy.source, policy.destination),
                "\tdir \(direction) \(policy.action == .block ? "action block " : "")priority \(policy.priority) "
                    + "ptype main",
            ]
            if let mark = policy.mark { lines.append("\tmark \(mark.text) ") }
            if policy.action != .bypass {
                let hidesTemplate = isTrap || policy.mode == .transport
                let nowhere = IPAddress.unspecified(policy.source.family)
                let from = hidesTemplate ? nowhere : policy.templateSource
                let to = hidesTemplate ? nowhere : policy.templateDestination
                let isTunnel = policy.mode == .tunnel && !isTrap
                lines += [
                    "\ttmpl src \(from) dst \(to)",
                    "\t\tproto esp reqid \(isTrap ? 0 : policy.reqid) mode \(isTunnel ? "tunnel" : "transport")",
                ]
            }
            if let id = policy.interfaceID { lines.append("\tif_id 0x\(hex(id))") }
            listed.append((order(policy), lines))
        }
        return listed.sorted { $0.order.lexicographicallyPrecedes($1.order) }.flatMap(\.lines)
    }

    private static func order(_ policy: PolicyState) -> [UInt128] {
        func place(_ selector: TrafficSelector) -> [UInt128] {
            [selector.addresses.first.value, selector.addresses.prefix.map { UInt128($0.length) } ?? 0]
        }
        let direction: UInt128 =
            switch policy.direction {
            case .forward: 0
            case .inbound: 1
            case .outbound: 2
            }
        return [policy.source.family == .v4 ? 0 : 1] + place(policy.source) + place(policy.destination)
            + [UInt128(policy.source.ipProtocol), UInt128(policy.source.startPort), direction]
    }

    /// `src 192.0.1.0/24 dst 192.0.2.0/24 proto tcp dport 7`.
    private static func selector(_ from: TrafficSelector, _ to: TrafficSelector) -> String {
        var text = "src \(from.addresses) dst \(to.addresses)"
        let ipProtocol = from.ipProtocol != 0 ? from.ipProtocol : to.ipProtocol
        guard ipProtocol != 0 else { return text }
        let names: [UInt8: String] = [
            1: "icmp", 6: "tcp", 17: "udp", 33: "dccp", 47: "gre", 58: "ipv6-icmp", 89: "ospf", 132: "sctp",
        ]
        text += " proto \(names[ipProtocol] ?? "\(ipProtocol)")"
        // ICMP's type and code stand where other protocols have their port (RFC 7296 §3.13.1).
        if ipProtocol == 1 || ipProtocol == 58 {
            guard let said = [from, to].first(where: { !$0.isAnyPort }) else { return text }
            text += " type \(said.startPort >> 8)"
            return said.startPort == said.endPort ? text + " code \(said.startPort & 0xff)" : text
        }
        if !from.isAnyPort { text += " sport \(from.startPort)" }
        if !to.isAnyPort { text += " dport \(to.startPort)" }
        return text
    }

    // MARK: Hexadecimal

    private static func hex(_ value: UInt32) -> String { String(value, radix: 16) }

    private static func eightDigits(_ value: UInt32) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }

    /// `ip xfrm state` shows keys to root, and so does this listing: tests compare them to nothing, but captures are
    /// decrypted with them.
    private static func hex(_ key: SecretBytes) -> String {
        key.withBytes { octets in
            "0x" + octets.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
    }
}
