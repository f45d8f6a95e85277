package import NetAddress

/// How packets are wrapped (XFRM_MODE_*).
package enum XFRMMode: UInt8, Sendable {
    case transport = 0
    case tunnel = 1
    /// Mobile IPv6's destination option and type 2 routing header (RFC 6275).
    case routeOptimization = 2
    case beet = 4
}

/// UDP encapsulation of a state (RFC 3948), as the packets' own ports have it.
package struct XFRMEncapsulation: Hashable, Sendable {
    package var sourcePort: UInt16
    package var destinationPort: UInt16

    package init(sourcePort: UInt16, destinationPort: UInt16) {
        self.sourcePort = sourcePort
        self.destinationPort = destinationPort
    }
}

/// A firewall mark, compared under its mask.
package struct XFRMMark: Hashable, Sendable {
    package var value: UInt32
    package var mask: UInt32

    package init(value: UInt32, mask: UInt32 = .max) {
        self.value = value
        self.mask = mask
    }
}

/// What a state or a policy may carry before the kernel says `soft` or `hard`; nil: no limit.
package struct XFRMLimits: Hashable, Sendable {
    package var softOctets: UInt64?
    package var hardOctets: UInt64?
    package var softPackets: UInt64?
    package var hardPackets: UInt64?
    /// Seconds since it was added.
    package var softSeconds: UInt64?
    package var hardSeconds: UInt64?
    /// Seconds since it was used first.
    package var softUseSeconds: UInt64?
    package var hardUseSeconds: UInt64?

    package init() {}
}

/// What has become of a state's or a policy's limits.
package struct XFRMUse: Hashable, Sendable {
    package var octets: UInt64 = 0
    package var packets: UInt64 = 0
    /// Seconds since 1970; 0: not yet.
    package var addedSeconds: UInt64 = 0
    package var firstUsedSeconds: UInt64 = 0

    package init() {}
}

/// One direction of an SA in the kernel (struct xfrm_usersa_info and its attributes).
package struct XFRMState: Hashable, Sendable {
    package enum Direction: UInt8, Sendable {
        case inbound = 1
        case outbound = 2
    }

    /// ESP; AH has another number.
    package static let espProtocol: UInt8 = 50
    /// Mobile IPv6's two: the home address option in a Destination Options header, and the type 2 routing header
    /// (RFC 6275 §6.3, §6.4).
    package static let homeAddressOptionProtocol: UInt8 = 60
    package static let routingHeaderProtocol: UInt8 = 43

    package var source: IPAddress
    package var destination: IPAddress
    /// 0 in a Mobile IPv6 state.
    package var spi: UInt32
    package var ipProtocol = espProtocol
    package var reqid: UInt32 = 0
    package var mode = XFRMMode.tunnel
    package var usesESN = false
    /// In tunnel mode without a selector: it is for packets of both families.
    package var isForAnyFamily = false
    package var selector: XFRMSelector?
    package var algorithms: [XFRMAlgorithm] = []
    package var encapsulation: XFRMEncapsulation?
    package var limits = XFRMLimits()
    package var replay = XFRMReplay(window: 0)
    /// Whether the kernel is told, or has said, the window in its new form.
    package var hasLargeReplay = false
    package var mark: XFRMMark?
    /// XFRMA_IF_ID; nil for none.
    package var interfaceID: UInt32?
    /// Kernels from 6.10 on know it, and take an outbound ESN state without a window only with it.
    package var direction: Direction?
    /// Mobile IPv6's (XFRMA_COADDR).
    package var careOfAddress: IPAddress?
    /// It is for received packets of any ends (XFRM_STATE_WILDRECV).
    package var receivesAny = false

    // What the kernel tells of it; `use` is taken over by a new state where it is not empty.
    package var use = XFRMUse()
    /// Packets refused: outside of the window; seen before; a wrong ICV.
    package var windowFailures: UInt32 = 0
    package var replays: UInt32 = 0
    package var integrityFailures: UInt32 = 0
    /// Seconds since 1970; nil: not used, or the kernel does not say.
    package var lastUsedSeconds: UInt64?

    package init(from source: IPAddress, to destination: IPAddress, spi: UInt32) {
        self.source = source
        self.destination = destination
        self.spi = spi
    }

    package var id: XFRMStateID {
        XFRMStateID(
            destination: destination, spi: spi, ipProtocol: ipProtocol, mark: mark,
            source: mode == .routeOptimization ? source : nil)
    }
}

/// What the kernel finds a state by.
package struct XFRMStateID: Hashable, Sendable, CustomStringConvertible {
    package var destination: IPAddress
    package var spi: UInt32
    package var ipProtocol: UInt8
    package var mark: XFRMMark?
    /// Of a state of Mobile IPv6, which has no SPI; nil in all others.
    package var source: IPAddress?

    package init(
        destination: IPAddress, spi: UInt32, ipProtocol: UInt8 = XFRMState.espProtocol, mark: XFRMMark? = nil,
        source: IPAddress? = nil
    ) {
        self.source = source
        self.destination = destination
        self.spi = spi
        self.ipProtocol = ipProtocol
        self.mark = mark
    }

    /// `ESP 0x00001234 to 192.0.2.1`
    package var description: String {
        let kind = ipProtocol == XFRMState.espProtocol ? "ESP" : "protocol \(ipProtocol)"
        return "\(kind) 0x\(String(spi, radix: 16)) to \(destination)"
    }
}
