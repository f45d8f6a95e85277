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

/// One packet of a capture.
package struct CapturedPacket: Hashable, Sendable {
    /// Nanoseconds since 1970-01-01 00:00:00 UTC; never negative, before 2262.
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

/// Why a file is not a capture that can be read.
package enum CaptureError: Error, Hashable, Sendable {
    /// The first four octets are no magic number of a capture's.
    case notACapture
    /// A version other than 2.4 (pcap) or 1.x (pcapng).
    case version(major: UInt16, minor: UInt16)
    /// The file ends inside a header, a block or a packet, at this octet.
    case truncated(at: Int)
    /// A packet or a block that claims more octets than the limit, at this octet.
    case tooLong(Int, at: Int)
    /// A block whose fields contradict one another, at this octet.
    case malformed(at: Int)
    /// Interfaces with different link types, which no reader of ours has a use for.
    case severalLinkTypes
}

/// What captures have in common on the octet level.
enum CaptureLimit {
    /// No link has packets near this; a length beyond it is a damaged file.
    static let packet = 1 << 24
}

extension [UInt8] {
    /// A number of `count` octets in a file's own byte order; the caller has checked that they are there.
    func number(at index: Int, _ count: Int, isLittleEndian: Bool) -> UInt64 {
        var value: UInt64 = 0
        for offset in 0..<count {
            value = value << 8 | UInt64(self[index + (isLittleEndian ? count - 1 - offset : offset)])
        }
        return value
    }
}
