package import IKECrypto
package import IKEWire
package import NetAddress

/// The shared keys of a daemon, each with the identities that it serves.
package struct PreSharedKeys: Sendable {
    /// Whom a key is for.
    package enum Index: Hashable, Sendable {
        case identification(Identification)
        /// Any identity or address.
        case any
    }

    package struct Entry: Sendable {
        /// Empty: serves everybody.
        package var indices: [Index]
        package var secret: SecretBytes
        /// What the peer proves itself by, where that is another key: AUTH is computed in each direction by itself (RFC 7296 §2.15).
        package var peerSecret: SecretBytes?

        package init(indices: [Index], secret: SecretBytes, peerSecret: SecretBytes? = nil) {
            self.indices = indices
            self.secret = secret
            self.peerSecret = peerSecret
        }
    }

    /// Who proves itself by a key.
    package enum Prover: Hashable, Sendable { case thisEnd, peer }

    package var entries: [Entry]
    /// Of those who prove themselves by EAP (RFC 7296 §2.16).
    package var eapSecrets: [EAPSecret] = []
    /// RFC 8784.
    package var postQuantum: [PostQuantumKey] = []
    /// Whether a key that is shorter than `minimumOctets` asks for is as good as none (FIPS mode); else it is only told.
    package var refusesShortKeys = false

    package init(_ entries: [Entry] = []) { self.entries = entries }

    /// Half the PRF's output: less gives the PRF less strength than it has (NIST SP 800-107 §5.3.4).
    package static func minimumOctets(for prf: PRFAlgorithm) -> Int { prf.outputLength / 2 }

    /// The key that fits best: both ends named beats one named beats none; of equals the first.
    ///
    /// An end matches by its identity or by its address as an identity.
    package func key(
        of prover: Prover, local: Identification, remote: Identification?, localAddress: IPAddress,
        remoteAddress: IPAddress
    ) -> SecretBytes? {
        var best: (score: Int, entry: Entry)?
        for entry in entries {
            let score = PreSharedKeys.score(
                entry.indices, local: local, remote: remote, localAddress: localAddress, remoteAddress: remoteAddress)
            if let score, score > best?.score ?? 0 { best = (score, entry) }
        }
        return best.map { prover == .peer ? $0.entry.peerSecret ?? $0.entry.secret : $0.entry.secret }
    }

    /// How well indices fit two ends, 1 and more; nil: not at all.
    static func score(
        _ indices: [Index], local: Identification, remote: Identification?, localAddress: IPAddress,
        remoteAddress: IPAddress
    ) -> Int? {
        func score(_ identification: Identification?, _ address: IPAddress) -> Int {
            let addressed = Identification(address: address)
            return indices.reduce(0) { best, index in
                switch index {
                case .any: max(best, 1)
                case .identification(let named):
                    named == identification ? 3 : named == addressed ? max(best, 2) : best
                }
            }
        }
        guard !indices.isEmpty else { return 1 }
        let mine = score(local, localAddress)
        let theirs = score(remote, remoteAddress)
        // An entry with one index names the peer or this end; with more, both ends have to be in it.
        if indices.count == 1 ? max(mine, theirs) == 0 : min(mine, theirs) == 0 { return nil }
        return 1 + mine + theirs
    }
}

extension Identification {
    /// ID_IPV4_ADDR or ID_IPV6_ADDR (RFC 7296 §3.5).
    package init(address: IPAddress) {
        self.init(type: address.family == .v4 ? .ipv4Address : .ipv6Address, data: address.octets)
    }
}
