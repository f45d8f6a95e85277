/// The header that the kernel puts before a packet on a packet port (<linux/virtio_net.h>, 10 octets, the machine's
/// order): it says what the stack left to the device, checksums and segmentation.
package struct VirtioNetHeader {
    package static let octetCount = 10
    package static let needsChecksum: UInt8 = 1
    package static let segmentTCPv4: UInt8 = 1
    package static let segmentTCPv6: UInt8 = 4
    package static let segmentUDP: UInt8 = 5
    package static let ecnBit: UInt8 = 0x80

    package var flags: UInt8 = 0
    /// One of `segment…`, with `ecnBit`; 0: one packet.
    package var segmentation: UInt8 = 0
    /// Octets of the headers that each segment repeats; a hint.
    package var headerLength: UInt16 = 0
    /// Octets of the upper layer's payload in each segment but the last.
    package var segmentOctets: UInt16 = 0
    /// Where the sum of an unfinished checksum starts, from the start of the frame, and the field's place behind that.
    package var checksumStart: UInt16 = 0
    package var checksumOffset: UInt16 = 0

    package init() {}

    package init(_ raw: UnsafeRawPointer) {
        flags = raw.load(as: UInt8.self)
        segmentation = raw.load(fromByteOffset: 1, as: UInt8.self)
        headerLength = raw.loadUnaligned(fromByteOffset: 2, as: UInt16.self)
        segmentOctets = raw.loadUnaligned(fromByteOffset: 4, as: UInt16.self)
        checksumStart = raw.loadUnaligned(fromByteOffset: 6, as: UInt16.self)
        checksumOffset = raw.loadUnaligned(fromByteOffset: 8, as: UInt16.self)
    }

    package func write(to raw: UnsafeMutableRawPointer) {
        raw.storeBytes(of: flags, as: UInt8.self)
        raw.storeBytes(of: segmentation, toByteOffset: 1, as: UInt8.self)
        raw.storeBytes(of: headerLength, toByteOffset: 2, as: UInt16.self)
        raw.storeBytes(of: segmentOctets, toByteOffset: 4, as: UInt16.self)
        raw.storeBytes(of: checksumStart, toByteOffset: 6, as: UInt16.self)
        raw.storeBytes(of: checksumOffset, toByteOffset: 8, as: UInt16.self)
    }

    package var isSegmented: Bool { segmentation & ~Self.ecnBit != 0 }
    package var hasECN: Bool { segmentation & Self.ecnBit != 0 }
}
