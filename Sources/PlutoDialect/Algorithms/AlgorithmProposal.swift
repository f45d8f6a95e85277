package import IKECrypto
package import IKEModel

/// One proposal of an `ike=` or `esp=` value, as it was said: what was left out is empty and gets pluto's defaults.
package struct AlgorithmProposal: Hashable, Sendable {
    package var encryption: [CipherChoice]
    /// What was said, or for ESP the defaults; empty for an IKE proposal whose integrity comes with its PRF.
    package var integrity: [IntegrityAlgorithm]
    /// IKE only.
    package var prf: [PRFAlgorithm]
    package var keyExchange: [KeyExchangeMethod]

    var isAEAD: Bool { encryption.allSatisfy { $0.algorithm.isAEAD } }

    /// `AES_CBC_128-HMAC_SHA1-MODP2048`, `AES_GCM_16-NONE`: algorithms of a kind joined with `+`.
    package var description: String {
        var parts = [encryption.map { AlgorithmNames.name($0) }.joined(separator: "+")]
        if prf.isEmpty || integrity.contains(where: { $0 != .none }) {
            parts.append(integrity.map { AlgorithmNames.name($0) }.joined(separator: "+"))
        }
        if !prf.isEmpty { parts.append(prf.map { AlgorithmNames.name($0) }.joined(separator: "+")) }
        if !keyExchange.isEmpty { parts.append(keyExchange.map { AlgorithmNames.name($0) }.joined(separator: "+")) }
        return parts.joined(separator: "-")
    }

    /// For the wire. A cipher without a key length is offered with the longest and the default one, in that order.
    package var ike: IKEProposal {
        let implied = prf.compactMap { algorithm in
            AlgorithmNames.prf.first { $0.algorithm == algorithm }?.integrity
        }
        return IKEProposal(
            encryption: expanded(longestFirst: true), prf: prf,
            integrity: isAEAD ? [] : integrity.isEmpty ? implied : integrity, keyExchange: keyExchange)
    }

    /// For the wire. A cipher without a key length is offered with the default and the longest one, in that order.
    package func esp(extendedSequenceNumbers: [Bool]) -> ESPProposal {
        ESPProposal(
            encryption: expanded(longestFirst: false), integrity: isAEAD ? [] : integrity,
            keyExchange: keyExchange.filter { $0 != .none }, extendedSequenceNumbers: extendedSequenceNumbers)
    }

    /// Each cipher with the key lengths that its missing one stands for: pluto's default is the shortest of the AES
    /// family, 128 bits; ciphers of one length carry no attribute.
    private func expanded(longestFirst: Bool) -> [CipherChoice] {
        var result: [CipherChoice] = []
        for choice in encryption {
            let lengths = choice.algorithm.allowedKeyBits
            let choices: [CipherChoice]
            if !choice.algorithm.takesKeyLength {
                choices = [CipherChoice(choice.algorithm)]
            } else if choice.keyBits == 0, let shortest = lengths.min(), let longest = lengths.max() {
                choices = (longestFirst ? [longest, shortest] : [shortest, longest])
                    .map { CipherChoice(choice.algorithm, keyBits: $0) }
            } else {
                choices = [choice]
            }
            for one in choices where !result.contains(one) { result.append(one) }
        }
        return result
    }
}

/// What pluto of May 2025 offers where a connection says nothing.
package enum DefaultProposals {
    static let prf: [PRFAlgorithm] = [.hmacSHA2_512, .hmacSHA2_256]
    static let integrity: [IntegrityAlgorithm] = [.hmacSHA2_512_256, .hmacSHA2_256_128]
    /// In FIPS mode too, though there DH31 may not be asked for by name: so pluto's own test of its parser has it.
    static let keyExchange: [KeyExchangeMethod] = [
        .ecp256, .ecp384, .ecp521, .curve25519, .modp4096, .modp3072, .modp2048, .modp8192,
    ]

    private static func ciphers(fips: Bool) -> [CipherChoice] {
        let all = [
            CipherChoice(.aesGCM16, keyBits: 256), CipherChoice(.aesGCM16, keyBits: 128),
            CipherChoice(.chaCha20Poly1305), CipherChoice(.aesCBC, keyBits: 256), CipherChoice(.aesCBC, keyBits: 128),
        ]
        return fips ? all.filter { $0.algorithm != .chaCha20Poly1305 } : all
    }

    package static func ike(fips: Bool = false) -> [AlgorithmProposal] {
        ciphers(fips: fips).map {
            AlgorithmProposal(encryption: [$0], integrity: [], prf: prf, keyExchange: keyExchange)
        }
    }

    package static func esp(fips: Bool = false) -> [AlgorithmProposal] {
        ciphers(fips: fips).map {
            AlgorithmProposal(
                encryption: [$0], integrity: $0.algorithm.isAEAD ? [.none] : integrity, prf: [], keyExchange: [])
        }
    }
}
