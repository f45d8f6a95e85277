import IKECrypto
import IKEModel

/// ipsec.secrets: `@moon @carol : PSK "secret"`, `: PSK 0x…`, `: RSA carolKey.pem`, `include …`.
struct SecretsFile {
    /// A shared key, and for whom as it is written.
    struct SharedKey {
        var owners: [String]
        var secret: SecretBytes
    }

    private(set) var keys: [SharedKey] = []
    /// Entries that cannot be used, each with its place.
    private(set) var complaints: [String] = []

    init(parsing path: String, from source: ConfigurationSource) {
        read(path, source, depth: 0)
    }

    private mutating func read(_ path: String, _ source: ConfigurationSource, depth: Int) {
        guard depth < 16, let octets = try? source.readFile(path) else {
            complaints.append("opening secrets file '\(path)' failed")
            return
        }
        let lines = String(decoding: octets, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        for (index, raw) in lines.enumerated() {
            let line = raw.trimmed
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
            entry(line, path, index + 1)
        }
    }

    private mutating func entry(_ line: String, _ path: String, _ number: Int) {
        // The colon that parts owners from key stands alone, or first.
        let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
        guard let colon = words.firstIndex(of: ":") ?? (words.first?.hasPrefix(":") == true ? 0 : nil) else {
            complaints.append("line \(number): missing ' : ' separator (\(path))")
            return
        }
        let rest =
            words[colon] == ":" ? words[(colon + 1)...] : ([String(words[0].dropFirst())] + words.dropFirst())[...]
        guard let kind = rest.first else {
            complaints.append(
                "line \(number): token must be either RSA, PKCS8, ECDSA, PSK, EAP, XAUTH or PIN (\(path))")
            return
        }
        switch kind {
        case "PSK":
            guard let found = line.range(of: "PSK") else { return }
            guard let octets = SecretsFile.secret(String(line[found.upperBound...]).trimmed) else {
                complaints.append("line \(number): malformed secret (\(path))")
                return
            }
            keys.append(SharedKey(owners: Array(words[..<colon]), secret: SecretBytes(octets)))
        case "RSA", "ECDSA", "PKCS8", "P12", "PIN":
            complaints.append("line \(number): \(kind) keys are not supported yet (\(path))")
        case "EAP", "XAUTH", "NTLM": break
        default:
            complaints.append(
                "line \(number): token must be either RSA, PKCS8, ECDSA, PSK, EAP, XAUTH or PIN (\(path))")
        }
    }

    /// `"text"`, `0x…` in hexadecimal, `0s…` in base 64, or text as it is.
    static func secret(_ text: String) -> [UInt8]? {
        if text.hasPrefix("\"") {
            guard text.count >= 2, text.hasSuffix("\"") else { return nil }
            return Array(text.utf8.dropFirst().dropLast())
        }
        if text.hasPrefix("0x") {
            let digits = Array(text.utf8.dropFirst(2))
            guard digits.count % 2 == 0 else { return nil }
            return stride(from: 0, to: digits.count, by: 2).compactMap {
                UInt8(String(decoding: digits[$0...($0 + 1)], as: UTF8.self), radix: 16)
            }
        }
        if text.hasPrefix("0s") { return base64(text.utf8.dropFirst(2)) }
        return text.isEmpty ? nil : Array(text.utf8)
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

extension String {
    /// Where a text stands in this one first.
    func range(of other: String) -> Range<String.Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(other) { return start..<index(start, offsetBy: other.count) }
            start = index(after: start)
        }
        return nil
    }
}
