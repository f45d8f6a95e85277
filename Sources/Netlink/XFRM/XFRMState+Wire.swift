import CNetlink
import NetAddress

extension XFRMState {
    /// XFRMA_SA_DIR, which the headers of older kernels lack.
    private static let directionAttribute = 33

    private static func number(_ type: xfrm_attr_type_t) -> Int { Int(type.rawValue) }

    /// The fixed part, without `use`, which the kernel does not read here.
    var header: xfrm_usersa_info {
        var raw = xfrm_usersa_info()
        if let selector { raw.sel = selector.raw }
        raw.id.daddr = xfrm_address_t(destination)
        raw.id.spi = spi.networkOrder
        raw.id.proto = ipProtocol
        raw.saddr = xfrm_address_t(source)
        raw.lft = limits.raw
        raw.reqid = reqid
        raw.family = UInt16(destination.family.kernelNumber)
        raw.mode = mode.rawValue
        raw.replay_window = hasLargeReplay ? 0 : UInt8(truncatingIfNeeded: min(replay.window, 32))
        if isForAnyFamily { raw.flags |= UInt8(XFRM_STATE_AF_UNSPEC) }
        if receivesAny { raw.flags |= UInt8(XFRM_STATE_WILDRECV) }
        if usesESN { raw.flags |= UInt8(XFRM_STATE_ESN) }
        return raw
    }

    func writeAttributes(to message: borrowing NetlinkMessageBuilder) {
        for algorithm in algorithms { algorithm.write(to: message) }
        if let encapsulation {
            // UDP_ENCAP_ESPINUDP; encap_oa, the original address, is for checksums that the kernel does not check.
            var raw = xfrm_encap_tmpl()
            raw.encap_type = 2
            raw.encap_sport = encapsulation.sourcePort.bigEndian
            raw.encap_dport = encapsulation.destinationPort.bigEndian
            // What lies in memory behind the ports, before the address, is of nobody's making.
            var octets = raw.octets
            octets.replaceSubrange(6..<8, with: [0, 0])
            message.attribute(Self.number(XFRMA_ENCAP), octets)
        }
        if hasLargeReplay {
            message.attribute(Self.number(XFRMA_REPLAY_ESN_VAL), replay.large)
        } else if replay.sent > 0 || replay.received > 0 {
            message.attribute(Self.number(XFRMA_REPLAY_VAL), replay.small)
        }
        if use != XFRMUse() { message.structure(XFRMA_LTIME_VAL, use.raw) }
        if let mark { message.structure(XFRMA_MARK, xfrm_mark(v: mark.value, m: mark.mask)) }
        if let interfaceID { message.attribute(Self.number(XFRMA_IF_ID), interfaceID) }
        if let direction { message.attribute(Self.directionAttribute, direction.rawValue) }
        if let careOfAddress { message.attribute(Self.number(XFRMA_COADDR), careOfAddress.xfrmOctets) }
    }

    /// From a message whose fixed part is, or starts with, struct xfrm_usersa_info; nil where it is cut short or of a
    /// family or mode that IPsec does not have.
    /// - Parameter length: octets of the whole fixed part.
    init?(_ message: NetlinkMessage, fixedPart length: Int = MemoryLayout<xfrm_usersa_info>.size) {
        guard message.payload.count >= length, let raw = message.payload.structure(xfrm_usersa_info.self),
            let family = AddressFamily(kernelNumber: UInt8(truncatingIfNeeded: raw.family)),
            let mode = XFRMMode(rawValue: raw.mode)
        else { return nil }
        let attributes = message.attributes(after: length)
        self.init(
            from: raw.saddr.address(family), to: raw.id.daddr.address(family), spi: UInt32(bigEndian: raw.id.spi))
        self.mode = mode
        ipProtocol = raw.id.proto
        reqid = raw.reqid
        usesESN = raw.flags & UInt8(XFRM_STATE_ESN) != 0
        receivesAny = raw.flags & UInt8(XFRM_STATE_WILDRECV) != 0
        isForAnyFamily = raw.flags & UInt8(XFRM_STATE_AF_UNSPEC) != 0
        selector = XFRMSelector(raw.sel)
        algorithms = XFRMAlgorithm.all(in: attributes)
        limits = XFRMLimits(raw.lft)
        use = XFRMUse(raw.curlft)
        windowFailures = raw.stats.replay_window
        replays = raw.stats.replay
        integrityFailures = raw.stats.integrity_failed
        if let encapsulation = attributes[Self.number(XFRMA_ENCAP)]?.structure(xfrm_encap_tmpl.self) {
            self.encapsulation = XFRMEncapsulation(
                sourcePort: UInt16(bigEndian: encapsulation.encap_sport),
                destinationPort: UInt16(bigEndian: encapsulation.encap_dport))
        }
        if let replay = attributes[Self.number(XFRMA_REPLAY_ESN_VAL)].flatMap({ XFRMReplay(large: $0) }) {
            self.replay = replay
            hasLargeReplay = true
        } else {
            let window = UInt32(raw.replay_window)
            replay =
                attributes[Self.number(XFRMA_REPLAY_VAL)].flatMap { XFRMReplay(small: $0, window: window) }
                ?? XFRMReplay(window: window)
        }
        lastUsedSeconds = attributes[Self.number(XFRMA_LASTUSED)].flatMap { $0.count >= 8 ? $0.number(at: 0) : nil }
        if let mark = attributes[Self.number(XFRMA_MARK)]?.structure(xfrm_mark.self) {
            self.mark = XFRMMark(value: mark.v, mask: mark.m)
        }
        interfaceID = attributes[Self.number(XFRMA_IF_ID)]?.number32
        direction = attributes[Self.directionAttribute]?.first.flatMap { Direction(rawValue: $0) }
        careOfAddress = attributes[Self.number(XFRMA_COADDR)].flatMap {
            $0.count >= 16 ? IPAddress(octets: $0.prefix(family.octetCount)) : nil
        }
    }
}
