/// What the packets of a capture begin with ("Link-Layer Header Types", tcpdump.org).
package struct LinkType: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let ethernet = LinkType(rawValue: 1)
    /// An IPv4 or IPv6 header, told apart by its version.
    package static let raw = LinkType(rawValue: 101)
    package static let ipv4 = LinkType(rawValue: 228)
    package static let ipv6 = LinkType(rawValue: 229)
}

/// The unit of a capture's time stamps.
package enum CapturePrecision: Hashable, Sendable {
    case microseconds
    case nanoseconds

    /// The magic number of a file with this unit (draft-ietf-opsawg-pcap §4).
    var magic: UInt32 { self == .microseconds ? 0xa1b2_c3d4 : 0xa1b2_3c4d }
    /// Nanoseconds per unit.
    var nanosecondsPerUnit: Int64 { self == .microseconds ? 1000 : 1 }
}

/// One packet of a capture.
package struct CapturedPacket: Hashable, Sendable {
    /// Nanoseconds since 1970-01-01 00:00:00 UTC; never negative, before 2106.
    package var timestamp: Int64
    /// Octets that the packet had on the link; more than `octets` has where the capture cut it off.
    package var originalCount: Int
    package var octets: [UInt8]

    package init(timestamp: Int64, octets: [UInt8], originalCount: Int? = nil) {
        self.timestamp = timestamp
        self.octets = octets
        self.originalCount = originalCount ?? octets.count
    }
}

/// Why a file is not a classic capture.
package enum CaptureError: Error, Hashable, Sendable {
    /// The first four octets are none of the four known magic numbers; `isNextGeneration` where they are pcapng's.
    case notACapture(isNextGeneration: Bool)
    /// A version other than 2.4.
    case version(major: UInt16, minor: UInt16)
    /// The file ends inside a header or a packet, at this octet.
    case truncated(at: Int)
    /// A packet that claims more octets than the limit, at this octet.
    case tooLong(Int, at: Int)
}
