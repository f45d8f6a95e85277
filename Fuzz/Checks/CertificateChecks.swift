import IKECrypto

/// What must hold of any octets as a certificate and what comes with certificates: they are refused with an error, or mean
/// something that is written as it was read. libcrypto is in the run, with its parsers.
///
/// The first octet says what the rest is.
package enum CertificateChecks {
    package static func run(_ octets: [UInt8]) {
        guard let selector = octets.first else { return }
        let rest = Array(octets.dropFirst())
        switch selector % 8 {
        case 0: certificate(rest)
        case 1: revocationList(rest)
        case 2: text(rest)
        case 3: name(rest)
        case 4: nameText(rest)
        case 5: publicKey(rest)
        case 6: signature(rest)
        default: _ = try? PrivateKey(der: SecretBytes(rest))
        }
    }

    private static func certificate(_ octets: [UInt8]) {
        guard let certificate = try? Certificate(der: octets) else { return }
        precondition(certificate.der == octets, "a certificate that is written otherwise than it was read")
        check(certificate.subject)
        check(certificate.issuer)
        check(certificate.publicKey)
        for trusted in [[], [certificate]] {
            let store = TrustStore(anchors: trusted)
            // What is trusted for itself is trusted by nothing else.
            let chain = try? store.chain(of: certificate, helpers: [certificate], time: certificate.notBefore)
            precondition(chain == nil || !trusted.isEmpty, "a chain to nobody")
        }
    }

    private static func revocationList(_ octets: [UInt8]) {
        guard let list = try? RevocationList(der: octets) else { return }
        precondition(list.der == octets, "a list that is written otherwise than it was read")
        check(list.issuer)
    }

    private static func text(_ octets: [UInt8]) {
        for section in (try? PEM.sections(of: octets)) ?? [] {
            let again = try? PEM.sections(of: Array(PEM.text(section.label, section.contents.exposed).utf8))
            precondition(again?.count == 1 && again?[0].contents.exposed == section.contents.exposed, "a PEM section")
        }
        // Nothing is no Base64.
        let written = Array(PEM.base64(encoding: octets).utf8)
        precondition(octets.isEmpty || PEM.base64(written) == octets, "Base64 that reads otherwise than it was written")
    }

    private static func name(_ octets: [UInt8]) {
        guard let name = try? DistinguishedName(der: octets) else { return }
        precondition(name.der == octets, "a name that is written otherwise than it was read")
        check(name)
    }

    private static func check(_ name: DistinguishedName) {
        precondition(name == name && name.admits(name), "a name that is not itself")
        precondition(name.text.utf8.allSatisfy { (0x20..<0x7f).contains($0) }, "octets of a peer that are not escaped")
    }

    private static func nameText(_ octets: [UInt8]) {
        guard let name = DistinguishedName(text: String(decoding: octets, as: UTF8.self)) else { return }
        precondition((try? DistinguishedName(der: name.der)) == name, "a name that is not what was written")
        check(name)
    }

    private static func publicKey(_ octets: [UInt8]) {
        if let key = try? PublicKey(subjectPublicKeyInfo: octets) { check(key) }
        if let key = try? PublicKey(rfc3110: octets) {
            check(key)
            precondition(key.rfc3110 != nil, "an RSA key that is none")
        }
    }

    private static let schemes: [SignatureScheme] = [
        .rsaPKCS1(.sha256), .rsaPSS(.sha256), .ecdsa(.sha256), .ecdsa(.sha384), .ecdsa(.sha512), .ed25519, .ed448,
    ]

    private static func check(_ key: PublicKey) {
        precondition(!key.keyID.isEmpty && key.authorityHash.count == 20)
        for scheme in schemes where key.fits(scheme) {
            precondition(!key.verifies([UInt8](repeating: 7, count: 64), of: [1, 2, 3], by: scheme), "a forgery")
        }
    }

    private static func signature(_ octets: [UInt8]) {
        for bits in [256, 384, 521] {
            if let plain = try? ECDSASignature.concatenated(der: octets, bits: bits) {
                precondition(plain.count == 2 * ECDSASignature.numberLength(bits: bits))
                let der = try? ECDSASignature.der(concatenated: plain, bits: bits)
                precondition(
                    der.flatMap { try? ECDSASignature.concatenated(der: $0, bits: bits) } == plain, "a signature")
            }
            _ = try? ECDSASignature.der(concatenated: octets, bits: bits)
        }
    }
}
