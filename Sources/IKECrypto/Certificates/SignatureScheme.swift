/// How a signature is made: what the AlgorithmIdentifier of RFC 7427 §3 names.
package enum SignatureScheme: Hashable, Sendable {
    /// RSASSA-PKCS1-v1_5 (RFC 8017 §8.2).
    case rsaPKCS1(Digest)
    /// RSASSA-PSS (RFC 8017 §8.1), MGF1 and salt length by the same hash.
    case rsaPSS(Digest)
    /// An ECDSA-Sig-Value in DER (RFC 5480).
    case ecdsa(Digest)
    /// RFC 8420; hashes by itself.
    case ed25519
    case ed448

    /// nil where the scheme hashes by itself.
    package var digest: Digest? {
        switch self {
        case .rsaPKCS1(let digest), .rsaPSS(let digest), .ecdsa(let digest): digest
        case .ed25519, .ed448: nil
        }
    }

    // MARK: Object identifiers (RFC 7427 appendix A, RFC 8410 §3)

    private static let rsaPSSIdentifier: [UInt8] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a]
    private static let mgf1: [UInt8] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08]
    private static let ed25519Identifier: [UInt8] = [0x2b, 0x65, 0x70]
    private static let ed448Identifier: [UInt8] = [0x2b, 0x65, 0x71]
    private static let hashes: [Digest: [UInt8]] = [
        .sha1: [0x2b, 0x0e, 0x03, 0x02, 0x1a],
        .sha256: [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01],
        .sha384: [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02],
        .sha512: [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03],
    ]
    private static let pkcs1Endings: [Digest: UInt8] = [.sha1: 5, .sha256: 11, .sha384: 12, .sha512: 13]
    private static let ecdsaIdentifiers: [Digest: [UInt8]] = [
        .sha1: [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01],
        .sha256: [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02],
        .sha384: [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03],
        .sha512: [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04],
    ]

    /// The DER AlgorithmIdentifier, at most 255 octets; nil for a hash that has none here (MD5).
    package var algorithmIdentifier: [UInt8]? {
        switch self {
        case .rsaPKCS1(let digest):
            return SignatureScheme.pkcs1Endings[digest].map {
                DER.sequence([DER.identifier(SignatureScheme.rsaPSSIdentifier.dropLast() + [$0]), DER.null])
            }
        case .ecdsa(let digest):
            return SignatureScheme.ecdsaIdentifiers[digest].map { DER.sequence([DER.identifier($0)]) }
        case .ed25519: return DER.sequence([DER.identifier(SignatureScheme.ed25519Identifier)])
        case .ed448: return DER.sequence([DER.identifier(SignatureScheme.ed448Identifier)])
        case .rsaPSS(let digest):
            guard let hash = SignatureScheme.hashes[digest] else { return nil }
            let hashIdentifier = DER.sequence([DER.identifier(hash), DER.null])
            var parameters: [[UInt8]] = []
            // RFC 8017 appendix A.2.3: SHA-1 and 20 octets of salt are left out, being the defaults.
            if digest != .sha1 {
                parameters = [
                    DER.element(0xa0, hashIdentifier),
                    DER.element(0xa1, DER.sequence([DER.identifier(SignatureScheme.mgf1), hashIdentifier])),
                    DER.element(0xa2, DER.unsigned([UInt8(digest.length)])),
                ]
            }
            return DER.sequence([DER.identifier(SignatureScheme.rsaPSSIdentifier), DER.sequence(parameters)])
        }
    }

    /// - Throws: `malformed` for what is no DER, `unsupported` for an algorithm or parameters that are not in use here.
    package init(algorithmIdentifier octets: [UInt8]) throws(CryptoError) {
        var outer = DERReader(octets)
        var inner = try outer.next("AlgorithmIdentifier").expect(DER.sequence, "a SEQUENCE")
        try outer.finish("AlgorithmIdentifier")
        let identifier = Array(try inner.next(DER.objectIdentifier, "an algorithm").content)
        let unknown = CryptoError.unsupported("signature algorithm \(DER.dotted(identifier[...]))")
        if identifier == SignatureScheme.rsaPSSIdentifier {
            self = .rsaPSS(try SignatureScheme.pssDigest(&inner))
            return
        }
        // Parameters are NULL or absent (RFC 4055 §5, RFC 5758 §3.2, RFC 8410 §3).
        if !inner.isAtEnd {
            let parameters = try inner.next("parameters")
            guard parameters.tag == 0x05, parameters.content.isEmpty else { throw unknown }
        }
        try inner.finish("AlgorithmIdentifier")
        if identifier == SignatureScheme.ed25519Identifier {
            self = .ed25519
        } else if identifier == SignatureScheme.ed448Identifier {
            self = .ed448
        } else if let match = SignatureScheme.ecdsaIdentifiers.first(where: { $0.value == identifier }) {
            self = .ecdsa(match.key)
        } else if identifier.dropLast().elementsEqual(SignatureScheme.rsaPSSIdentifier.dropLast()),
            let match = SignatureScheme.pkcs1Endings.first(where: { $0.value == identifier.last })
        {
            self = .rsaPKCS1(match.key)
        } else {
            throw unknown
        }
    }

    /// RSASSA-PSS-params (RFC 8017 appendix A.2.3); only those with one hash for all and a salt of its length.
    private static func pssDigest(_ reader: inout DERReader) throws(CryptoError) -> Digest {
        var digest = Digest.sha1
        var maskDigest = Digest.sha1
        var saltLength = 20
        if !reader.isAtEnd {
            var parameters = try reader.next("parameters").expect(DER.sequence, "RSASSA-PSS-params")
            while !parameters.isAtEnd {
                let parameter = try parameters.next("a parameter")
                var content = DERReader(parameter.content)
                let value = try content.next("a parameter's value")
                try content.finish("a parameter")
                switch parameter.tag {
                case 0xa0: digest = try hash(value)
                case 0xa1:
                    var mask = try value.expect(DER.sequence, "maskGenAlgorithm")
                    guard Array(try mask.next(DER.objectIdentifier, "maskGenAlgorithm").content) == mgf1 else {
                        throw .unsupported("a mask generation function other than MGF1")
                    }
                    maskDigest = try hash(try mask.next("the mask's hash"))
                case 0xa2:
                    guard value.tag == DER.integer, value.content.count == 1, let octets = value.content.first else {
                        throw .unsupported("such a salt length")
                    }
                    saltLength = Int(octets)
                case 0xa3:
                    guard value.tag == DER.integer, Array(value.content) == [1] else {
                        throw .unsupported("such a trailer field")
                    }
                default: throw .malformed("RSASSA-PSS-params: tag \(parameter.tag)")
                }
            }
        }
        try reader.finish("AlgorithmIdentifier")
        guard digest == maskDigest, saltLength == digest.length else {
            throw .unsupported("RSASSA-PSS with two hashes, or a salt of another length")
        }
        return digest
    }

    private static func hash(_ element: DERElement) throws(CryptoError) -> Digest {
        var reader = try element.expect(DER.sequence, "a hash algorithm")
        let identifier = Array(try reader.next(DER.objectIdentifier, "a hash algorithm").content)
        guard let match = hashes.first(where: { $0.value == identifier }) else {
            throw .unsupported("hash algorithm \(DER.dotted(identifier[...]))")
        }
        return match.key
    }
}
