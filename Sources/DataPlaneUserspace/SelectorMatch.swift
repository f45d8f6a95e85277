import NetAddress

/// A traffic selector laid out for comparing with packets.
struct SelectorMatch {
    private let first: UInt128
    private let last: UInt128
    private let family: AddressFamily
    private let ipProtocol: UInt8
    private let startPort: UInt16
    private let endPort: UInt16
    private let isAnyPort: Bool
    private let isOpaque: Bool

    init(_ selector: TrafficSelector) {
        first = selector.addresses.first.value
        last = selector.addresses.last.value
        family = selector.family
        ipProtocol = selector.ipProtocol
        startPort = selector.startPort
        endPort = selector.endPort
        isAnyPort = selector.isAnyPort
        isOpaque = selector.isOpaque
    }

    private func matches(_ address: UInt128, _ port: UInt16, _ packet: InnerPacket) -> Bool {
        guard packet.family == family, first <= address, address <= last else { return false }
        if ipProtocol != 0 && ipProtocol != packet.ipProtocol { return false }
        if isAnyPort { return true }
        if isOpaque { return !packet.hasPorts }
        return packet.hasPorts && startPort <= port && port <= endPort
    }

    /// Whether this end's selector holds the packet's source.
    func matchesSource(_ packet: InnerPacket) -> Bool { matches(packet.source, packet.sourcePort, packet) }
    /// Whether this end's selector holds the packet's destination.
    func matchesDestination(_ packet: InnerPacket) -> Bool {
        matches(packet.destination, packet.destinationPort, packet)
    }
}

/// The selectors of both ends: a packet fits where one of each does (RFC 7296 §2.9).
struct SelectorPairs {
    private let local: [SelectorMatch]
    private let remote: [SelectorMatch]

    init(local: [TrafficSelector], remote: [TrafficSelector]) {
        self.local = local.map { SelectorMatch($0) }
        self.remote = remote.map { SelectorMatch($0) }
    }

    func allowOutbound(_ packet: InnerPacket) -> Bool {
        for selector in local where selector.matchesSource(packet) {
            for other in remote where other.matchesDestination(packet) { return true }
        }
        return false
    }

    func allowInbound(_ packet: InnerPacket) -> Bool {
        for selector in remote where selector.matchesSource(packet) {
            for other in local where other.matchesDestination(packet) { return true }
        }
        return false
    }
}
