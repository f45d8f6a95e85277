/// Makes the octets of a pcapng file (draft-ietf-opsawg-pcapng, little endian, time stamps in nanoseconds): one section with
/// one interface, then a block per packet, to be written one behind the other. It holds no file and no packets.
package struct CaptureWriter: Sendable {
    package let linkType: LinkType
    /// What the interface is called in the file; empty: nothing.
    package let interface: String
    /// A packet is cut off after so many octets.
    package let snapLength: UInt32

    package init(linkType: LinkType = .ethernet, interface: String = "", snapLength: UInt32 = 262_144) {
        self.linkType = linkType
        self.interface = interface
        self.snapLength = snapLength
    }

    /// The section's header and the interface's description.
    package var fileHeader: [UInt8] {
        var octets: [UInt8] = []
        append(BlockCapture.sectionHeader, to: &octets)
        append(28, to: &octets)
        append(BlockCapture.byteOrderMagic, to: &octets)
        // Version 1.0; how long the section will be is not known.
        append(1, to: &octets)
        append(.max, to: &octets)
        append(.max, to: &octets)
        append(28, to: &octets)
        var options: [UInt8] = []
        if !interface.isEmpty { append(option: BlockCapture.nameOption, Array(interface.utf8), to: &options) }
        append(option: BlockCapture.resolutionOption, [9], to: &options)
        append(0, to: &options)
        let count = UInt32(BlockCapture.overheadOctets + 8 + options.count)
        append(BlockCapture.interfaceDescription, to: &octets)
        append(count, to: &octets)
        append(linkType.rawValue & 0xffff, to: &octets)
        append(snapLength, to: &octets)
        octets += options
        append(count, to: &octets)
        return octets
    }

    /// A packet as the file has it: a block around what `snapLength` leaves of the packet.
    package func record(_ packet: CapturedPacket) -> [UInt8] {
        var octets: [UInt8] = []
        append(packet.octets, timestamp: packet.timestamp, originalCount: packet.originalCount, to: &octets)
        return octets
    }

    /// Appends a packet's block to a buffer, so that a capture of many packets reuses one.
    ///
    /// - Parameters:
    ///   - timestamp: Nanoseconds since 1970 UTC, not negative.
    ///   - originalCount: The octets on the link; by default those given.
    package func append(
        _ packet: some Collection<UInt8>, timestamp: Int64, originalCount: Int? = nil, to octets: inout [UInt8]
    ) {
        precondition(timestamp >= 0, "a capture's time stamps begin in 1970")
        let kept = packet.prefix(Int(snapLength))
        let padding = (4 - kept.count % 4) % 4
        let count = BlockCapture.overheadOctets + 20 + kept.count + padding
        octets.reserveCapacity(octets.count + count)
        append(BlockCapture.enhancedPacket, to: &octets)
        append(UInt32(count), to: &octets)
        append(0, to: &octets)
        append(UInt32(truncatingIfNeeded: timestamp >> 32), to: &octets)
        append(UInt32(truncatingIfNeeded: timestamp), to: &octets)
        append(UInt32(kept.count), to: &octets)
        append(UInt32(originalCount ?? packet.count), to: &octets)
        octets.append(contentsOf: kept)
        for _ in 0..<padding { octets.append(0) }
        append(UInt32(count), to: &octets)
    }

    private func append(option code: UInt16, _ value: [UInt8], to octets: inout [UInt8]) {
        append(UInt32(code) | UInt32(value.count) << 16, to: &octets)
        octets += value + [UInt8](repeating: 0, count: (4 - value.count % 4) % 4)
    }

    private func append(_ value: UInt32, to octets: inout [UInt8]) {
        for shift in stride(from: UInt32(0), to: 32, by: 8) {
            octets.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }
}
