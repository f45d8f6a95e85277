package import IKEWire

/// A transform as a log shows it: some logs keep the key length to themselves.
package struct LoggedTransform: Hashable, Sendable {
    package enum KeyLength: Hashable, Sendable {
        /// The transform has none.
        case none
        case bits(UInt16)
        /// It has one, and the log doesn't show which.
        case notShown
    }

    package var type: TransformType
    package var id: UInt16
    package var keyLength: KeyLength

    package init(_ type: TransformType, _ id: UInt16, _ keyLength: KeyLength = .none) {
        (self.type, self.id, self.keyLength) = (type, id, keyLength)
    }

    package init(_ transform: Transform) {
        self.init(transform.type, transform.id, transform.keyLength.map { .bits($0) } ?? .none)
    }

    /// Whether both may be the same transform: a key length that isn't shown may be any.
    package func mayEqual(_ other: LoggedTransform) -> Bool {
        guard type == other.type, id == other.id else { return false }
        switch (keyLength, other.keyLength) {
        case (.notShown, .bits), (.bits, .notShown): return true
        default: return keyLength == other.keyLength
        }
    }
}

extension LoggedTransform: CustomStringConvertible {
    /// charon's names: `AES_CBC_256`, `AES_GCM_16_?` where the key length isn't shown.
    package var description: String { TransformWords.name(self) }
}

/// One proposal of an SA payload (RFC 7296 §3.3.1), or of a configuration.
package struct LoggedProposal: Hashable, Sendable {
    package var protocolID: ProtocolID
    package var transforms: [LoggedTransform]

    package init(_ protocolID: ProtocolID, _ transforms: [LoggedTransform] = []) {
        (self.protocolID, self.transforms) = (protocolID, transforms)
    }

    package init(_ proposal: Proposal) {
        self.init(proposal.protocolID, proposal.transforms.map { LoggedTransform($0) })
    }

    package func transforms(of type: TransformType) -> [LoggedTransform] { transforms.filter { $0.type == type } }

    /// The groups that it names; without `NONE`.
    package var groups: [UInt16] { transforms(of: .keyExchange).map(\.id).filter { $0 != 0 } }

    /// The transform types for which nothing of this can be chosen from the other; no integrity is as good as `NONE`
    /// (RFC 7296 §3.3), and no group as good as group 0.
    package func unmatched(in other: LoggedProposal) -> [TransformType] {
        var types: [TransformType] = []
        for type in [TransformType.encryption, .prf, .integrity, .keyExchange, .extendedSequenceNumbers] {
            func list(_ proposal: LoggedProposal) -> [LoggedTransform] {
                let all = proposal.transforms(of: type)
                let hasDefault = type == .integrity || type == .keyExchange || type == .extendedSequenceNumbers
                return all.isEmpty && hasDefault ? [LoggedTransform(type, 0)] : all
            }
            let (ours, theirs) = (list(self), list(other))
            if ours.isEmpty && theirs.isEmpty { continue }
            if !ours.contains(where: { one in theirs.contains { one.mayEqual($0) } }) { types.append(type) }
        }
        return types
    }
}

extension LoggedProposal: CustomStringConvertible {
    /// `IKE:AES_CBC_256/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_2048`, in the order of the wire.
    package var description: String {
        "\(protocolID):" + transforms.map(\.description).joined(separator: "/")
    }
}
