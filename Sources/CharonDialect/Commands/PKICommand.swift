package import DialectKit
package import IKECrypto
import NetAddress

/// `pki`: keys, certificates and lists out of nothing but its arguments, its standard input and files.
package struct PKICommand {
    private let readFile: FileReader
    private let standardInput: () -> [UInt8]
    private let now: Int64
    private var random: any RandomSource

    /// - Parameter now: seconds since 1970.
    package init(
        readFile: @escaping FileReader, standardInput: @escaping () -> [UInt8], now: Int64, random: any RandomSource
    ) {
        self.readFile = readFile
        self.standardInput = standardInput
        self.now = now
        self.random = random
    }

    /// What goes to standard output, or why nothing does.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// - Parameter arguments: `--self --in key.der --dn "CN=a"`; the first says what is done.
    package mutating func run(_ arguments: [String]) throws(Failure) -> [UInt8] {
        let options = try PKIOptions(Array(arguments.dropFirst()), of: arguments.first ?? "")
        do throws(CryptoError) {
            switch arguments.first {
            case "--gen", "-g": return try encoded(generate(options), options)
            case "--self", "-s": return try encoded(selfSigned(options), options)
            case "--issue", "-i": return try encoded(issued(options), options)
            case "--signcrl", "-c":
                let list = try list(options)
                return options.isPEM ? Array(PEM.text("X509 CRL", list.der).utf8) : list.der
            case "--pub", "-p":
                let key = try publicKey(options)
                return options.isPEM
                    ? Array(PEM.text("PUBLIC KEY", key.subjectPublicKeyInfo).utf8) : key.subjectPublicKeyInfo
            case "--print", "-a": return Array(try printed(options).utf8)
            case "--keyid", "-k": return Array(try keyIdentifiers(options).utf8)
            default: throw CryptoError.unsupported("operation '\(arguments.first ?? "")'")
            }
        } catch {
            throw Failure(description: "\(error)")
        }
    }

    // MARK: Keys

    private func generate(_ options: PKIOptions) throws(CryptoError) -> PrivateKey {
        switch options.text("type", "t") ?? "rsa" {
        case "rsa": return try .generateRSA(bits: try options.number("size", "s") ?? 2048)
        case "ecdsa": return try .generateECDSA(bits: try options.number("size", "s") ?? 384)
        case "ed25519": return try .generateEd25519()
        case let other: throw .unsupported("a key of type '\(other)'")
        }
    }

    /// RSA as PKCS #1, as strongSwan writes it; others as PKCS #8.
    private func encoded(_ key: PrivateKey, _ options: PKIOptions) throws(CryptoError) -> [UInt8] {
        let exported = try key.exported().exposed
        guard key.publicKey.kind == .rsa else {
            return options.isPEM ? Array(PEM.text("PRIVATE KEY", exported).utf8) : exported
        }
        var outer = DERReader(exported)
        var inner = try outer.next("PrivateKeyInfo").expect(DER.sequence, "PrivateKeyInfo")
        _ = try inner.next("version")
        _ = try inner.next("algorithm")
        let octets = Array(try inner.next(DER.octetString, "privateKey").content)
        return options.isPEM ? Array(PEM.text("RSA PRIVATE KEY", octets).utf8) : octets
    }

    private func encoded(_ certificate: Certificate, _ options: PKIOptions) -> [UInt8] {
        options.isPEM ? Array(PEM.text("CERTIFICATE", certificate.der).utf8) : certificate.der
    }

    private func contents(_ path: String?, _ label: String) throws(CryptoError) -> SecretBytes {
        let octets: [UInt8]
        if let path {
            do throws(FileFailure) { octets = try readFile(path) } catch {
                throw .malformed("opening '\(path)' failed: \(error)")
            }
        } else {
            octets = standardInput()
        }
        let sections = try PEM.sections(of: octets)
        if let found = sections.first(where: { $0.label.hasSuffix(label) }) { return found.contents }
        guard sections.isEmpty else { throw .malformed("no \(label) in '\(path ?? "standard input")'") }
        return SecretBytes(octets)
    }

    private func privateKey(_ path: String?) throws(CryptoError) -> PrivateKey {
        try PrivateKey(der: contents(path, "PRIVATE KEY"))
    }

    private func certificate(_ path: String?) throws(CryptoError) -> Certificate {
        try Certificate(der: contents(path, "CERTIFICATE").exposed)
    }

    /// What is certified: a public key, or, with `--type priv`, the public part of a private one.
    private func publicKey(_ options: PKIOptions) throws(CryptoError) -> PublicKey {
        let path = options.text("in", "i")
        switch options.text("type", "t") ?? "pub" {
        case "pub", "pkcs10":
            // `--pub` reads private keys, and `--issue` what `--pub` has written.
            let octets = try contents(path, "KEY")
            if let key = try? PublicKey(subjectPublicKeyInfo: octets.exposed) { return key }
            return try PrivateKey(der: octets).publicKey
        case "priv", "rsa", "ecdsa", "ed25519": return try privateKey(path).publicKey
        case "x509": return try certificate(path).publicKey
        case let other: throw .unsupported("an input of type '\(other)'")
        }
    }

    // MARK: Certificates and lists

    private mutating func template(
        _ options: PKIOptions, _ key: PublicKey, isOwn: Bool
    ) throws(CryptoError) -> CertificateTemplate {
        guard let text = options.text("dn", "d") ?? (isOwn ? nil : "") else { throw .malformed("--dn is required") }
        guard let subject = text.isEmpty ? try? DistinguishedName(der: DER.sequence([])) : DistinguishedName(text: text)
        else { throw .malformed("'\(text)' is no distinguished name") }
        let lifetime = try lifetime(options, otherwise: 1095)
        var serial = random.octets(8)
        serial[0] = serial[0] & 0x7f | 0x01
        if let text = options.text("serial", "S", "s") {
            guard let given = Self.octets(hexadecimal: text) else { throw .malformed("'\(text)' is no serial") }
            serial = given
        }
        var template = CertificateTemplate(
            subject: subject, publicKey: key, serialNumber: serial, notBefore: now, notAfter: now + lifetime)
        template.isAuthority = options.has("ca", "b")
        template.listURLs = options.all("crl", "u")
        for name in options.all("san", "a") { template.names.append(Self.alternativeName(name)) }
        for flag in options.all("flag", "e") {
            switch flag {
            case "serverAuth": template.extendedUsages.append(1)
            case "clientAuth": template.extendedUsages.append(2)
            default: break
            }
        }
        return template
    }

    /// Seconds; what ends behind the year 9999 cannot be written down (RFC 5280 §4.1.2.5).
    private func lifetime(_ options: PKIOptions, otherwise days: Int) throws(CryptoError) -> Int64 {
        let days = Int64(try options.number("lifetime", "l") ?? days)
        guard days > 0, days <= (253_402_300_799 - now) / 86400 else {
            throw .malformed("invalid --lifetime of \(days) days")
        }
        return days * 86400
    }

    private static func octets(hexadecimal text: String) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard !digits.isEmpty, digits.count % 2 == 0, digits.count <= 40 else { return nil }
        let octets = stride(from: 0, to: digits.count, by: 2).compactMap {
            UInt8(String(decoding: digits[$0...$0 + 1], as: UTF8.self), radix: 16)
        }
        return octets.count == digits.count / 2 ? octets : nil
    }

    private static func alternativeName(_ text: String) -> Certificate.AlternativeName {
        if let address = IPAddress(text) { return .address(address.octets) }
        if text.hasPrefix("@") { return .dns(Array(text.utf8.dropFirst())) }
        if text.contains("@") { return .email(Array(text.utf8)) }
        if text.contains("="), let name = DistinguishedName(text: text) { return .directory(name) }
        return .dns(Array(text.utf8))
    }

    private mutating func selfSigned(_ options: PKIOptions) throws(CryptoError) -> Certificate {
        let key = try privateKey(options.text("in", "i"))
        return try template(options, key.publicKey, isOwn: true).signed(by: key, issuer: nil, digest: options.digest)
    }

    private mutating func issued(_ options: PKIOptions) throws(CryptoError) -> Certificate {
        guard let authority = options.text("cacert", "c") else { throw .malformed("--cacert is required") }
        guard let secret = options.text("cakey", "k") else { throw .malformed("--cakey is required") }
        let issuer = try certificate(authority)
        guard issuer.isAuthority else { throw .malformed("CA certificate misses CA basicConstraint / CA flag") }
        let key = try privateKey(secret)
        guard key.publicKey == issuer.publicKey else {
            throw .malformed("CA private key does not match CA certificate")
        }
        return try template(options, try publicKey(options), isOwn: false).signed(
            by: key, issuer: issuer, digest: options.digest)
    }

    private func list(_ options: PKIOptions) throws(CryptoError) -> RevocationList {
        guard let authority = options.text("cacert", "c") else { throw .malformed("--cacert is required") }
        guard let secret = options.text("cakey", "k") else { throw .malformed("--cakey is required") }
        let issuer = try certificate(authority)
        let key = try privateKey(secret)
        guard key.publicKey == issuer.publicKey else {
            throw .malformed("CA private key does not match CA certificate")
        }
        var template = RevocationListTemplate(
            number: [1], thisUpdate: now, nextUpdate: now + (try lifetime(options, otherwise: 15)))
        if let last = options.text("lastcrl", "a") {
            let old = try RevocationList(der: contents(last, "X509 CRL").exposed)
            template.number = Self.successor(of: old.number ?? [])
            template.entries = old.entries.map { ($0.serialNumber, $0.date, $0.reason) }
        }
        // Each `--cert` and `--serial` has the reason that stands before it.
        var reason = 0
        for (name, value) in options.given {
            switch name {
            case "reason", "r": reason = Self.reasons[value] ?? 0
            case "cert", "z": template.entries.append((try certificate(value).serialNumber, now, reason))
            case "serial", "s":
                guard let octets = Self.octets(hexadecimal: value) else { throw .malformed("'\(value)' is no serial") }
                template.entries.append((octets, now, reason))
            default: break
            }
        }
        return try template.signed(by: key, issuer: issuer, digest: options.digest)
    }

    private static let reasons = [
        "key-compromise": 1, "ca-compromise": 2, "affiliation-changed": 3, "superseded": 4,
        "cessation-of-operation": 5, "certificate-hold": 6,
    ]

    private static func successor(of number: [UInt8]) -> [UInt8] {
        var result = number
        for index in result.indices.reversed() {
            result[index] &+= 1
            if result[index] != 0 { return result }
        }
        return [1] + result
    }

    // MARK: Listings

    private func printed(_ options: PKIOptions) throws(CryptoError) -> String {
        let path = options.text("in", "i")
        let lines: [String]
        switch options.text("type", "t") ?? "x509" {
        case "x509": lines = CertificateText(now: now).lines(try certificate(path), isOwned: false)
        case "crl":
            lines = CertificateText(now: now).lines(try RevocationList(der: contents(path, "X509 CRL").exposed))
        case "pub": lines = CertificateText.keyLines("pubkey:   ", try publicKey(options))
        case "priv", "rsa", "ecdsa", "ed25519":
            lines = CertificateText.keyLines("privkey:  ", try privateKey(path).publicKey)
        case let other: throw .unsupported("an input of type '\(other)'")
        }
        return lines.map { $0 + "\n" }.joined()
    }

    private func keyIdentifiers(_ options: PKIOptions) throws(CryptoError) -> String {
        let key = try publicKey(options)
        func text(_ octets: [UInt8]) -> String { CertificateText.hexadecimal(octets) }
        return
            "subjectKeyIdentifier:      \(text(key.bitsHash))\nsubjectPublicKeyInfo hash: \(text(key.authorityHash))\n"
    }
}

/// `--in key.der`, `--in=key.der`, `-i key.der`, `--ca`; `--options FILE` is not there.
private struct PKIOptions {
    private(set) var given: [(name: String, value: String)] = []
    private static let flags: Set<String> = ["ca", "b"]

    /// What each operation takes, the short form behind each; real pki refuses all else, too.
    private static let known: [String: Set<String>] = {
        let input: Set = ["in", "i", "type", "t"]
        let output: Set = ["outform", "f"]
        let signing: Set = ["digest", "g", "lifetime", "l", "serial", "s"]
        let authority: Set = ["cacert", "c", "cakey", "k"]
        let certificate: Set = ["dn", "d", "san", "a", "ca", "b", "flag", "e", "crl", "u", "S"]
        let own = input.union(output).union(signing).union(certificate)
        return [
            "gen": output.union(["type", "t", "size", "s"]), "self": own, "issue": own.union(authority),
            "signcrl": output.union(signing).union(authority).union(["lastcrl", "a", "reason", "r", "cert", "z"]),
            "pub": input.union(output), "print": input, "keyid": input,
        ]
    }()
    private static let operations = [
        "-g": "gen", "-s": "self", "-i": "issue", "-c": "signcrl", "-p": "pub", "-a": "print", "-k": "keyid",
    ]

    init(_ words: [String], of operation: String) throws(PKICommand.Failure) {
        let operation = Self.operations[operation] ?? String(operation.drop { $0 == "-" })
        var rest = words[...]
        while let word = rest.popFirst() {
            guard word.hasPrefix("-"), word.count > 1 else {
                throw PKICommand.Failure(description: "unexpected argument '\(word)'")
            }
            let parts = word.drop { $0 == "-" }.split(separator: "=", maxSplits: 1).map(String.init)
            guard let name = parts.first else {
                throw PKICommand.Failure(description: "unexpected argument '\(word)'")
            }
            if let known = Self.known[operation], !known.contains(name) {
                throw PKICommand.Failure(description: "invalid --\(operation) option: \(word)")
            }
            if Self.flags.contains(name) {
                given.append((name, ""))
            } else if parts.count == 2, word.hasPrefix("--") {
                given.append((name, parts[1]))
            } else if let value = rest.popFirst() {
                given.append((name, value))
            } else {
                throw PKICommand.Failure(description: "option '\(word)' requires an argument")
            }
        }
    }

    func all(_ names: String...) -> [String] { given.filter { names.contains($0.name) }.map(\.value) }
    func text(_ names: String...) -> String? { given.last { names.contains($0.name) }?.value }
    func number(_ names: String...) throws(CryptoError) -> Int? {
        guard let found = given.last(where: { names.contains($0.name) }) else { return nil }
        guard let number = Int(found.value) else { throw .malformed("--\(found.name): '\(found.value)' is no number") }
        return number
    }
    func has(_ names: String...) -> Bool { given.contains { names.contains($0.name) } }
    var isPEM: Bool { text("outform", "f") == "pem" }
    var digest: Digest {
        switch text("digest", "g") {
        case "sha384": .sha384
        case "sha512": .sha512
        default: .sha256
        }
    }
}
