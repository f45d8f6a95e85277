package import NetAddress

/// A mobile node tells where it is (RFC 6275 §6.1.7).
package struct BindingUpdate: Hashable, Sendable {
    package var sequence: UInt16
    /// A: an acknowledgement is wanted.
    package var wantsAcknowledgement = true
    /// H: the receiver is to be the home agent.
    package var isHomeRegistration = true
    /// L: the home address ends as the node's link-local address does.
    package var hasLinkLocalIdentifier = false
    /// K: the key manager's SAs can follow the node (§6.1.7, RFC 3776 §4.3).
    package var keyManagementMoves: Bool
    /// Of the binding; a multiple of 4 up to 262140. 0: the binding is to end.
    package var lifetimeSeconds: UInt32
    package var options: [MobilityOption]

    package init(
        sequence: UInt16, keyManagementMoves: Bool, lifetimeSeconds: UInt32, options: [MobilityOption] = []
    ) {
        self.sequence = sequence
        self.keyManagementMoves = keyManagementMoves
        self.lifetimeSeconds = lifetimeSeconds
        self.options = options
    }

    /// nil: the packet's source is.
    package var careOfAddress: IPAddress? {
        for case .alternateCareOfAddress(let address) in options { return address }
        return nil
    }

    init(_ body: ArraySlice<UInt8>) throws(MobilityError) {
        guard body.count >= 6 else { throw .truncated(at: 6 + body.count) }
        let octets = Array(body.prefix(6))
        let flags = octets[2]
        self.init(
            sequence: UInt16(octets[0]) << 8 | UInt16(octets[1]), keyManagementMoves: flags & 0x10 != 0,
            lifetimeSeconds: (UInt32(octets[4]) << 8 | UInt32(octets[5])) * 4,
            options: try MobilityOption.all(body.dropFirst(6), at: 12))
        wantsAcknowledgement = flags & 0x80 != 0
        isHomeRegistration = flags & 0x40 != 0
        hasLinkLocalIdentifier = flags & 0x20 != 0
    }

    func write(to octets: inout [UInt8]) {
        var flags: UInt8 = 0
        if wantsAcknowledgement { flags |= 0x80 }
        if isHomeRegistration { flags |= 0x40 }
        if hasLinkLocalIdentifier { flags |= 0x20 }
        if keyManagementMoves { flags |= 0x10 }
        let units = UInt16(clamping: lifetimeSeconds / 4)
        octets += [
            UInt8(sequence >> 8), UInt8(truncatingIfNeeded: sequence), flags, 0, UInt8(units >> 8),
            UInt8(truncatingIfNeeded: units),
        ]
        for option in options { option.write(to: &octets) }
    }
}

/// The answer to a Binding Update (RFC 6275 §6.1.8).
package struct BindingAcknowledgement: Hashable, Sendable {
    /// Less than 128: accepted.
    package enum Status: Hashable, Sendable {
        case accepted
        case reasonUnspecified
        case administrativelyProhibited
        case insufficientResources
        case homeRegistrationNotSupported
        case notHomeSubnet
        case notHomeAgent
        case duplicateAddress
        /// The last one that was taken is in the acknowledgement.
        case sequenceOutOfWindow
        case other(UInt8)

        private static let numbers: [(Status, UInt8)] = [
            (.accepted, 0), (.reasonUnspecified, 128), (.administrativelyProhibited, 129),
            (.insufficientResources, 130), (.homeRegistrationNotSupported, 131),
            (.notHomeSubnet, 132), (.notHomeAgent, 133), (.duplicateAddress, 134), (.sequenceOutOfWindow, 135),
        ]

        package init(_ number: UInt8) {
            self = Status.numbers.first { $0.1 == number }?.0 ?? .other(number)
        }

        package var number: UInt8 {
            if case .other(let number) = self { return number }
            return Status.numbers.first { $0.0 == self }!.1
        }

        package var isAccepted: Bool { number < 128 }

        /// Of a refusal: whether the same Binding Update can be accepted later, with nothing changed at the node.
        package var mayPass: Bool { self == .reasonUnspecified || self == .insufficientResources }
    }

    package var status: Status
    /// K: the home agent's key manager follows, too.
    package var keyManagementMoves: Bool
    /// Of the update that it answers, or the last one taken.
    package var sequence: UInt16
    /// As granted; a multiple of 4.
    package var lifetimeSeconds: UInt32
    package var options: [MobilityOption]

    package init(
        _ status: Status, keyManagementMoves: Bool, sequence: UInt16, lifetimeSeconds: UInt32,
        options: [MobilityOption] = []
    ) {
        self.status = status
        self.keyManagementMoves = keyManagementMoves
        self.sequence = sequence
        self.lifetimeSeconds = lifetimeSeconds
        self.options = options
    }

    package var refreshAdviceSeconds: UInt32? {
        for case .refreshAdvice(let seconds) in options { return seconds }
        return nil
    }

    init(_ body: ArraySlice<UInt8>) throws(MobilityError) {
        guard body.count >= 6 else { throw .truncated(at: 6 + body.count) }
        let octets = Array(body.prefix(6))
        self.init(
            Status(octets[0]), keyManagementMoves: octets[1] & 0x80 != 0,
            sequence: UInt16(octets[2]) << 8 | UInt16(octets[3]),
            lifetimeSeconds: (UInt32(octets[4]) << 8 | UInt32(octets[5])) * 4,
            options: try MobilityOption.all(body.dropFirst(6), at: 12))
    }

    func write(to octets: inout [UInt8]) {
        let units = UInt16(clamping: lifetimeSeconds / 4)
        octets += [
            status.number, keyManagementMoves ? 0x80 : 0, UInt8(sequence >> 8), UInt8(truncatingIfNeeded: sequence),
            UInt8(units >> 8), UInt8(truncatingIfNeeded: units),
        ]
        for option in options { option.write(to: &octets) }
    }
}
