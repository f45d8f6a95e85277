import DialectKit
package import IKECrypto
package import IKEModel

/// The certificates, private keys and revocation lists of a host.
///
/// They lie as PEM in the folder of the key store (`certs`, `keys`, `crls`), where `ipsec import`, `newhostkey`, `certutil`
/// and their like put them, and as PEM or DER in ipsec.d (`cacerts`, `certs`, `private`, `crls`), where a hand may.
package struct KeyStoreContents: Sendable {
    package struct Entry: Hashable, Sendable {
        package var nickname: String
        package var certificate: Certificate
        /// NSS's trust attributes of three uses: `CT,,`, `u,u,u`.
        package var trust: String
        /// The file that it came from.
        package var path: String

        /// Whether others may be trusted for its sake.
        package var isAnchor: Bool {
            certificate.isAuthority && (trust.prefix { $0 != "," }).contains { $0 == "C" || $0 == "T" }
        }
    }

    package private(set) var entries: [Entry] = []
    package private(set) var privateKeys: [PrivateKey] = []
    package private(set) var revocationLists: [RevocationList] = []
    /// What could not be read: file and reason.
    package private(set) var problems: [String] = []

    package init() {}

    /// Files of one kind that are read.
    private static let limit = 4096

    init(
        store: KeyStore, ipsecFolder: String, readFile: (String) throws(FileFailure) -> [UInt8],
        glob: (String) -> [String]
    ) {
        func each(_ pattern: String, _ take: (String, [UInt8]) throws(CryptoError) -> Void) {
            for path in glob(pattern).prefix(KeyStoreContents.limit) {
                guard let octets = try? readFile(path), !octets.isEmpty else { continue }
                do throws(CryptoError) { try take(path, octets) } catch { problems.append("\(path): \(error)") }
            }
        }
        each("\(store.folder)/keys/*.pem") { (path, octets) throws(CryptoError) in try addKeys(octets) }
        each("\(ipsecFolder)/private/*") { (path, octets) throws(CryptoError) in try addKeys(octets) }
        each("\(store.folder)/certs/*.pem") { (path, octets) throws(CryptoError) in
            try addCertificates(octets, path, trust: nil)
        }
        each("\(ipsecFolder)/cacerts/*") { (path, octets) throws(CryptoError) in
            try addCertificates(octets, path, trust: "CT,,")
        }
        each("\(ipsecFolder)/certs/*") { (path, octets) throws(CryptoError) in
            try addCertificates(octets, path, trust: ",,")
        }
        each("\(store.folder)/crls/*") { (path, octets) throws(CryptoError) in try addList(octets) }
        each("\(ipsecFolder)/crls/*") { (path, octets) throws(CryptoError) in try addList(octets) }
    }

    private mutating func addKeys(_ octets: [UInt8]) throws(CryptoError) {
        let sections = try PEM.sections(of: octets).filter { $0.label.hasSuffix("PRIVATE KEY") }
        if sections.isEmpty { privateKeys.append(try PrivateKey(der: SecretBytes(octets))) }
        for section in sections { privateKeys.append(try PrivateKey(der: section.contents)) }
    }

    private mutating func addCertificates(_ octets: [UInt8], _ path: String, trust: String?) throws(CryptoError) {
        let header = StoredFile.header(of: octets)
        let sections = try PEM.sections(of: octets).filter { $0.label.hasSuffix("CERTIFICATE") }
        let contents = sections.isEmpty ? [octets] : sections.map(\.contents.exposed)
        for der in contents {
            let certificate = try Certificate(der: der)
            // A self-signed authority in ipsec.d/cacerts is an anchor, any other a link between.
            let given = header["trust"] ?? (trust == "CT,," && !certificate.isSelfIssued ? ",," : trust ?? ",,")
            entries.append(
                Entry(
                    nickname: header["nickname"] ?? StoredFile.baseName(path), certificate: certificate, trust: given,
                    path: path))
        }
    }

    private mutating func addList(_ octets: [UInt8]) throws(CryptoError) {
        let sections = try PEM.sections(of: octets).filter { $0.label == "X509 CRL" }
        if sections.isEmpty { revocationLists.append(try RevocationList(der: octets)) }
        for section in sections { revocationLists.append(try RevocationList(der: section.contents.exposed)) }
    }

    package func certificate(named nickname: String) -> Certificate? {
        entries.first { $0.nickname == nickname }?.certificate
    }

    /// - Parameter keyID: hexadecimal, 40 digits.
    package func privateKey(keyID: String) -> PrivateKey? {
        privateKeys.first { StoredFile.hexadecimal($0.publicKey.keyID) == keyID.lowercased() }
    }

    package func hasPrivateKey(of certificate: Certificate) -> Bool {
        privateKeys.contains { $0.publicKey == certificate.publicKey }
    }

    package func credentials(requiringRevocationLists: Bool) -> Credentials {
        Credentials(
            privateKeys: privateKeys,
            trust: TrustStore(
                anchors: entries.filter(\.isAnchor).map(\.certificate),
                intermediates: entries.filter { $0.certificate.isAuthority && !$0.isAnchor }.map(\.certificate),
                revocationLists: revocationLists, requiresRevocationLists: requiringRevocationLists))
    }

    /// What tells one state of the store from another.
    var fingerprint: [[UInt8]] {
        entries.map { $0.certificate.der + Array($0.trust.utf8) } + privateKeys.map(\.publicKey.subjectPublicKeyInfo)
            + revocationLists.map(\.der)
    }
}

/// How the store's own files are named and what stands above their PEM: `name: value` lines.
enum StoredFile {
    static func text(_ header: [(String, String)], _ body: String) -> [UInt8] {
        Array((header.map { "\($0.0): \($0.1)\n" }.joined() + body).utf8)
    }

    static func header(of octets: [UInt8]) -> [String: String] {
        var result: [String: String] = [:]
        for line in octets.split(separator: 0x0a) {
            if line.starts(with: "-----".utf8) { break }
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { break }
            let value = line[line.index(after: colon)...].drop { $0 == 0x20 }
            result[String(decoding: line[..<colon], as: UTF8.self)] = String(decoding: value, as: UTF8.self)
        }
        return result
    }

    /// A file's name for a nickname: letters, digits and some signs stay, all else becomes `%XX`.
    static func name(for nickname: String) -> String {
        nickname.utf8.map { octet in
            let isPlain =
                (0x30...0x39).contains(octet) || (0x41...0x5a).contains(octet) || (0x61...0x7a).contains(octet)
                || "-_@".utf8.contains(octet)
            return isPlain ? String(UnicodeScalar(octet)) : "%" + hexadecimal([octet])
        }.joined()
    }

    static func baseName(_ path: String) -> String {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return name }
        return String(name[..<dot])
    }

    static func hexadecimal(_ octets: [UInt8]) -> String {
        octets.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
