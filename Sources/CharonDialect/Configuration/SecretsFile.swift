package import IKECrypto
import IKEModel

/// ipsec.secrets: `@moon @carol : PSK "secret"`, `: PSK 0x…`, `: RSA carolKey.pem`, `carol : EAP "secret"`, `include …`.
package struct SecretsFile {
    /// A shared key, and for whom as it is written.
    package struct SharedKey {
        package var owners: [String]
        package var secret: SecretBytes
    }

    package enum Entry {
        case shared(SharedKey)
        case eap(SharedKey)
        /// The file of a private key, relative to ipsec.d/private, and what it is encrypted with.
        case privateKey(String, passphrase: SecretBytes?)
        /// A PKCS #12 file, relative to ipsec.d/private.
        case container(String, passphrase: SecretBytes)
        /// It cannot be used: why, with its place.
        case complaint(String)
    }

    /// In the order of the file.
    package private(set) var entries: [Entry] = []

    package var keys: [SharedKey] { entries.compactMap { if case .shared(let key) = $0 { key } else { nil } } }
    package var eapSecrets: [SharedKey] { entries.compactMap { if case .eap(let key) = $0 { key } else { nil } } }
    package var complaints: [String] {
        entries.compactMap { if case .complaint(let text) = $0 { text } else { nil } }
    }

    /// Files with their includes, so that one which includes itself twice comes to an end.
    private static let fileLimit = 256
    private var filesRead = 0

    package init(parsing path: String, from source: ConfigurationSource) {
        read(path, source, depth: 0)
    }

    private mutating func read(_ path: String, _ source: ConfigurationSource, depth: Int) {
        filesRead += 1
        guard depth < 16, filesRead <= SecretsFile.fileLimit, let octets = try? source.readFile(path) else {
            entries.append(.complaint("opening secrets file '\(path)' failed"))
            return
        }
        for (index, raw) in octets.split(separator: 0x0a, omittingEmptySubsequences: false).enumerated() {
            let line = String(decoding: raw, as: UTF8.self).trimmed
            if line.isEmpty || line.hasPrefix("#") { continue }
            if line.hasPrefix("include ") {
                let named = line.dropFirst("include ".count).trimmed
                let folder = path.split(separator: "/").dropLast().joined(separator: "/")
                let pattern = named.hasPrefix("/") ? named : "/\(folder)/\(named)"
                for file in pattern.contains("*") ? source.glob(pattern) : [pattern] {
                    read(file, source, depth: depth + 1)
                }
                continue
            }
            entry(line, raw, path, index + 1)
        }
    }

    /// - Parameter raw: the line's octets: those of a key need be no UTF-8.
    private mutating func entry(_ line: String, _ raw: ArraySlice<UInt8>, _ path: String, _ number: Int) {
        // The colon that parts owners from key stands alone, or first.
        let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
        guard let colon = words.firstIndex(of: ":") ?? (words.first?.hasPrefix(":") == true ? 0 : nil) else {
            entries.append(.complaint("line \(number): missing ' : ' separator (\(path))"))
            return
        }
        let rest =
            words[colon] == ":" ? words[(colon + 1)...] : ([String(words[0].dropFirst())] + words.dropFirst())[...]
        guard let kind = rest.first else {
            entries.append(SecretsFile.unknownToken(path, number))
            return
        }
        switch kind {
        case "PSK", "EAP":
            guard let octets = SecretsFile.secret(SecretsFile.behind(kind, raw)) else {
                entries.append(.complaint("line \(number): malformed secret (\(path))"))
                return
            }
            let key = SharedKey(owners: Array(words[..<colon]), secret: SecretBytes(octets))
            entries.append(kind == "PSK" ? .shared(key) : .eap(key))
        case "RSA", "ECDSA", "PKCS8", "P12":
            guard let (name, behind) = SecretsFile.fileName(SecretsFile.behind(kind, raw)) else {
                entries.append(.complaint("line \(number): missing filename: \(kind) (\(path))"))
                return
            }
            let isEmpty = behind.allSatisfy { [0x20, 0x09, 0x0d].contains($0) }
            let passphrase = isEmpty ? [] : SecretsFile.secret(behind)
            guard let passphrase, passphrase != Array("%prompt".utf8) else {
                entries.append(
                    .complaint("line \(number): a passphrase cannot be read here: \(kind) \(name) (\(path))"))
                return
            }
            entries.append(
                kind == "P12"
                    ? .container(name, passphrase: SecretBytes(passphrase))
                    : .privateKey(name, passphrase: isEmpty ? nil : SecretBytes(passphrase)))
        case "PIN":
            entries.append(
                .complaint("line \(number): the given %smartcard specifier is not supported or invalid (\(path))"))
        case "XAUTH", "NTLM": break
        default:
            entries.append(SecretsFile.unknownToken(path, number))
        }
    }

    private static func unknownToken(_ path: String, _ number: Int) -> Entry {
        .complaint("line \(number): token must be either RSA, PKCS8, ECDSA, PSK, EAP, XAUTH or PIN (\(path))")
    }

    /// The file's name, perhaps in quotes, and what stands behind it.
    private static func fileName(_ octets: ArraySlice<UInt8>) -> (name: String, rest: ArraySlice<UInt8>)? {
        let word = octets.drop { $0 == 0x20 || $0 == 0x09 }
        let isQuoted = word.first == UInt8(ascii: "\"")
        let name = (isQuoted ? word.dropFirst() : word).prefix {
            isQuoted ? $0 != UInt8(ascii: "\"") : ![0x20, 0x09, 0x0d].contains($0)
        }
        guard !name.isEmpty, !isQuoted || name.endIndex < octets.endIndex else { return nil }
        return (String(decoding: name, as: UTF8.self), octets[(name.endIndex + (isQuoted ? 1 : 0))...])
    }

    /// What stands behind the kind of a secret, the kind itself behind a colon.
    private static func behind(_ kind: String, _ raw: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var rest = raw
        while let colon = rest.firstIndex(of: UInt8(ascii: ":")) {
            rest = rest[(colon + 1)...]
            let word = rest.drop { $0 == 0x20 || $0 == 0x09 }
            if word.starts(with: kind.utf8) { return word.dropFirst(kind.utf8.count) }
        }
        return []
    }

    /// `"text"`, `0x…` in hexadecimal, `0s…` in base 64, or text as it is.
    static func secret(_ text: String) -> [UInt8]? { secret(Array(text.utf8)[...]) }

    private static func secret(_ octets: ArraySlice<UInt8>) -> [UInt8]? {
        func isBlank(_ octet: UInt8) -> Bool { [0x20, 0x09, 0x0d].contains(octet) }
        let end = octets.lastIndex { !isBlank($0) }.map { $0 + 1 } ?? octets.startIndex
        let value = octets[..<end].drop(while: isBlank)
        let quote = UInt8(ascii: "\"")
        if value.first == quote {
            return value.count >= 2 && value.last == quote ? Array(value.dropFirst().dropLast()) : nil
        }
        if value.starts(with: "0x".utf8) {
            let digits = value.dropFirst(2).map { Character(Unicode.Scalar($0)).hexDigitValue }
            guard digits.count % 2 == 0, !digits.contains(nil) else { return nil }
            return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0]! << 4 | digits[$0 + 1]!) }
        }
        if value.starts(with: "0s".utf8) { return base64(value.dropFirst(2)) }
        return value.isEmpty ? nil : Array(value)
    }

    private static func base64(_ text: some Sequence<UInt8>) -> [UInt8]? {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var result: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        for octet in text where octet != UInt8(ascii: "=") {
            guard let value = alphabet.firstIndex(of: octet) else { return nil }
            bits = bits << 6 | UInt32(value)
            count += 6
            if count >= 8 {
                count -= 8
                result.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return result
    }
}

extension SecretsFile.SharedKey {
    /// `carol moon`, `%any`.
    var whom: String { owners.isEmpty ? "%any" : owners.joined(separator: " ") }
}
