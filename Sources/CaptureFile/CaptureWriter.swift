/// Makes the octets of a classic capture file (libpcap 2.4, little endian): the file header, then a record per packet,
/// to be written one behind the other. It holds no file and no packets.
package struct CaptureWriter: Sendable {
    package let linkType: LinkType
    package let precision: CapturePrecision
    /// A packet is cut off after so many octets.
    package let snapLength: UInt32

    package init(
        linkType: LinkType = .ethernet, precision: CapturePrecision = .nanoseconds, snapLength: UInt32 = 262_144
    ) {
        self.linkType = linkType
        self.precision = precision
        self.snapLength = snapLength
    }

    /// The first 24 octets of the file.
    package var fileHeader: [UInt8] {
        var octets: [UInt8] = []
        octets.reserveCapacity(CaptureReader.fileHeaderOctets)
        append(precision.magic, to: &octets)
        append(2 | 4 << 16, to: &octets)
        // Time zone and accuracy: always zero.
        append(0, to: &octets)
        append(0, to: &octets)
        append(snapLength, to: &octets)
        append(linkType.rawValue, to: &octets)
        return octets
    }

    /// A packet as the file has it: a header of 16 octets and what `snapLength` leaves of the packet.
    package func record(_ packet: CapturedPacket) -> [UInt8] {
        var octets: [UInt8] = []
        append(packet.octets, timestamp: packet.timestamp, originalCount: packet.originalCount, to: &octets)
        return octets
    }

    /// Appends a packet's record to a buffer, so that a capture of many packets reuses one.
    ///
    /// - Parameters:
    ///   - timestamp: Nanoseconds since 1970 UTC, 0 up to 2106.
    ///   - originalCount: The octets on the link; by default those given.
    package func append(
        _ packet: some Collection<UInt8>, timestamp: Int64, originalCount: Int? = nil, to octets: inout [UInt8]
    ) {
        let seconds = timestamp / 1_000_000_000
        precondition(timestamp >= 0 && seconds <= Int64(UInt32.max), "a capture's time stamps are 32 bits of seconds")
        let kept = packet.prefix(Int(snapLength))
        octets.reserveCapacity(octets.count + CaptureReader.packetHeaderOctets + kept.count)
        append(UInt32(seconds), to: &octets)
        append(UInt32(timestamp % 1_000_000_000 / precision.nanosecondsPerUnit), to: &octets)
        append(UInt32(kept.count), to: &octets)
        append(UInt32(originalCount ?? packet.count), to: &octets)
        octets.append(contentsOf: kept)
    }

    private func append(_ value: UInt32, to octets: inout [UInt8]) {
        for shift in stride(from: UInt32(0), to: 32, by: 8) {
            octets.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }
}
