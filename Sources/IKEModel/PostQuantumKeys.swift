package import IKECrypto
package import IKEWire
package import NetAddress

/// Whether an IKE SA is mixed with a post-quantum pre-shared key (RFC 8784 §3).
package enum PPKPolicy: Hashable, Sendable {
    case never
    /// Where the peer has the same one.
    case propose
    /// Without one there is no IKE SA.
    case insist
}

/// Why there is no IKE SA, or none with a PPK (RFC 8784 §3).
package enum PPKFailure: Hashable, Sendable {
    /// The peer said no USE_PPK.
    case unsupportedByPeer
    /// There is none for this peer.
    case noneForPeer
    /// The peer named one that is not there, or not for it.
    case unknownIdentity
    /// The peer said USE_PPK, and then not which.
    case identityMissing
    /// The peer went on without.
    case unusedByPeer
}

/// A post-quantum pre-shared key (RFC 8784 §3), for whom it is and what it is called.
package struct PostQuantumKey: Sendable {
    /// As with `PreSharedKeys.Entry`. Empty: for everybody.
    package var indices: [PreSharedKeys.Index]
    /// PPK_ID without its type.
    package var name: [UInt8]
    package var secret: SecretBytes

    package init(indices: [PreSharedKeys.Index], name: [UInt8], secret: SecretBytes) {
        self.indices = indices
        self.name = name
        self.secret = secret
    }
}

extension PreSharedKeys {
    /// The PPKs for two ends, in the order of the file.
    package func postQuantumKeys(
        local: Identification, remote: Identification?, localAddress: IPAddress, remoteAddress: IPAddress
    ) -> [PostQuantumKey] {
        postQuantum.filter {
            PreSharedKeys.score(
                $0.indices, local: local, remote: remote, localAddress: localAddress, remoteAddress: remoteAddress)
                != nil
        }
    }
}
