import IKECrypto

/// `ipsec listalgs`, `swanctl --list-algs`: what this daemon can do, each behind the name of the library that does it.
extension CharonDialect {
    /// Those of the registries of transforms that anything here could have.
    private static let numbers: ClosedRange<UInt16> = 1...63

    /// Kinds in strongSwan's order, with swanctl's name of each and ipsec's.
    private var algorithms: [(swanctl: String, stroke: String, names: [String])] {
        let ciphers = Self.numbers.map(EncryptionAlgorithm.init).filter(\.isSupported)
        let macs = Self.numbers.map(IntegrityAlgorithm.init)
        let functions = Self.numbers.map(PRFAlgorithm.init)
        let digests: [(Digest, String)] = [
            (.md5, "HASH_MD5"), (.sha1, "HASH_SHA1"), (.sha256, "HASH_SHA2_256"), (.sha384, "HASH_SHA2_384"),
            (.sha512, "HASH_SHA2_512"),
        ]
        return [
            ("encryption", "encryption", ciphers.filter { !$0.isAEAD }.map(AlgorithmNames.name)),
            ("integrity", "integrity", macs.filter { $0 != .none && $0.isSupported }.map(AlgorithmNames.name)),
            ("aead", "aead", ciphers.filter(\.isAEAD).map(AlgorithmNames.name)),
            ("hasher", "hasher", digests.filter { $0.0.isSupported }.map(\.1)),
            ("prf", "prf", functions.filter(\.isSupported).map(AlgorithmNames.name)),
            ("dh", "dh-group", KeyExchangeMethod.known.filter(\.isSupported).map(AlgorithmNames.name)),
        ]
    }

    func swanctlAlgorithmsText() -> String {
        algorithms.map { kind in
            "\(kind.swanctl):\n" + kind.names.map { "  \($0)[openssl]\n" }.joined()
        }.joined()
    }

    /// Columns end at 120.
    func algorithmsText() -> String {
        var text = "\nList of registered IKE algorithms:\n"
        for kind in algorithms {
            let head = "  \(kind.stroke):"
            var line = head + String(repeating: " ", count: max(0, 13 - head.count))
            text += "\n"
            for name in kind.names {
                let word = " \(name)[openssl]"
                if line.count + word.count > 120 {
                    text += line + "\n"
                    line = String(repeating: " ", count: 13)
                }
                line += word
            }
            text += line
        }
        return text + "\n"
    }
}
