/// The keyed pseudorandom functions of IKEv2.
package enum PRF {
    /// prf(key, parts one behind the other).
    ///
    /// AES-XCBC and AES-CMAC bring a key of another length to 16 octets as RFC 4434 §2 and RFC 4615 §3 say.
    /// - Throws: `CryptoError.unsupported`.
    package static func compute(
        _ algorithm: PRFAlgorithm, key: SecretBytes, _ parts: [[UInt8]]
    ) throws(CryptoError) -> SecretBytes {
        let mac = try keyed(algorithm, key)
        for part in parts { try update(mac, part) }
        return try finish(mac)
    }

    /// As above with a secret as the data: SKEYSEED = prf(Ni | Nr, g^ir) (RFC 7296 §2.14).
    package static func compute(
        _ algorithm: PRFAlgorithm, key: SecretBytes, secret: SecretBytes, _ parts: [[UInt8]] = []
    ) throws(CryptoError) -> SecretBytes {
        let mac = try keyed(algorithm, key)
        try secret.withBytes { (octets) throws(CryptoError) in try mac.update(octets) }
        for part in parts { try update(mac, part) }
        return try finish(mac)
    }

    /// prf+ (RFC 7296 §2.13): T1 | T2 | …, cut to `count` octets, where Tn = prf(key, Tn-1 | seed | n).
    /// - Throws: `CryptoError.length` for more than 255 rounds, which the one-octet counter cannot number.
    package static func plus(
        _ algorithm: PRFAlgorithm, key: SecretBytes, seed: [UInt8], count: Int
    ) throws(CryptoError) -> SecretBytes {
        try plus(algorithm, key: key, secret: .empty, seed: seed, count: count)
    }

    /// prf+ with a secret at the front of the seed, as in KEYMAT with a new key exchange: prf+(SK_d, g^ir | Ni | Nr)
    /// (RFC 7296 §2.17).
    package static func plus(
        _ algorithm: PRFAlgorithm, key: SecretBytes, secret: SecretBytes, seed: [UInt8], count: Int
    ) throws(CryptoError) -> SecretBytes {
        let mac = try keyed(algorithm, key)
        let length = mac.outputLength
        let rounds = (count + length - 1) / length
        guard rounds <= 255 else { throw .length(what: "key material", expected: 255 * length, got: count) }
        let whole = try SecretBytes(count: rounds * length) { (out) throws(CryptoError) in
            for round in 0..<rounds {
                if round > 0 {
                    try mac.update(UnsafeRawBufferPointer(rebasing: out[(round - 1) * length..<round * length]))
                }
                try secret.withBytes { (octets) throws(CryptoError) in try mac.update(octets) }
                try update(mac, seed)
                try update(mac, [UInt8(round + 1)])
                try mac.finish(into: UnsafeMutableRawBufferPointer(rebasing: out[round * length..<out.count]))
            }
        }
        return whole[0..<count]
    }

    private static func keyed(_ algorithm: PRFAlgorithm, _ key: SecretBytes) throws(CryptoError) -> MessageAuthenticator
    {
        guard let kind = algorithm.mac else { throw .unsupported(algorithm.name) }
        var fitting = key
        if kind == .cmac && key.count != 16 {
            // RFC 4615 §3: a key of another length goes through AES-CMAC under the zero key.
            let reducer = try MessageAuthenticator(.cmac, key: SecretBytes([UInt8](repeating: 0, count: 16)))
            try key.withBytes { (octets) throws(CryptoError) in try reducer.update(octets) }
            fitting = try finish(reducer)
        } else if kind == .xcbc && key.count < 16 {
            // RFC 4434 §2: a short key is filled with zeros …
            fitting = key + SecretBytes([UInt8](repeating: 0, count: 16 - key.count))
        } else if kind == .xcbc && key.count > 16 {
            // … a long one goes through AES-XCBC under the zero key.
            let reducer = try MessageAuthenticator(.xcbc, key: SecretBytes([UInt8](repeating: 0, count: 16)))
            try key.withBytes { (octets) throws(CryptoError) in try reducer.update(octets) }
            fitting = try finish(reducer)
        }
        return try MessageAuthenticator(kind, key: fitting)
    }

    private static func update(_ mac: MessageAuthenticator, _ part: [UInt8]) throws(CryptoError) {
        try part.span.withUnsafeBytes { (octets) throws(CryptoError) in try mac.update(octets) }
    }

    private static func finish(_ mac: MessageAuthenticator) throws(CryptoError) -> SecretBytes {
        try SecretBytes(count: mac.outputLength) { (out) throws(CryptoError) in try mac.finish(into: out) }
    }
}
