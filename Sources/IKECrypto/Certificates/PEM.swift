/// Octets as text (RFC 7468, RFC 4648 §4).
package enum PEM {
    /// One `-----BEGIN LABEL-----` with what stands in it.
    package struct Section: Sendable {
        package let label: String
        package let contents: SecretBytes
    }

    /// The sections of a file; text between them is passed over.
    /// - Throws: `malformed` for a section without an end, or one that is not Base64 (an encrypted one of the older form
    ///   is not).
    package static func sections(of octets: [UInt8]) throws(CryptoError) -> [Section] {
        var result: [Section] = []
        var label: String?
        var body: [UInt8] = []
        for line in octets.split(whereSeparator: { $0 == 0x0a || $0 == 0x0d }) {
            if let name = marked(line, "BEGIN") {
                label = name
                body = []
            } else if let name = marked(line, "END") {
                guard let open = label, open == name else { throw .malformed("PEM: END \(name) without its beginning") }
                guard let contents = base64(body) else { throw .malformed("PEM: \(name) is not Base64, or encrypted") }
                result.append(Section(label: name, contents: SecretBytes(contents)))
                label = nil
            } else if label != nil {
                body += line.filter { $0 != 0x20 && $0 != 0x09 }
            }
        }
        if let label { throw .malformed("PEM: \(label) has no end") }
        return result
    }

    private static func marked(_ line: ArraySlice<UInt8>, _ word: String) -> String? {
        let start = Array("-----\(word) ".utf8)
        var rest = line
        while rest.last == 0x20 || rest.last == 0x09 { rest = rest.dropLast() }
        guard rest.starts(with: start), rest.suffix(5).elementsEqual("-----".utf8), rest.count > start.count + 5 else {
            return nil
        }
        return String(decoding: rest.dropFirst(start.count).dropLast(5), as: UTF8.self)
    }

    /// A section as text, lines of 64 characters.
    package static func text(_ label: String, _ octets: [UInt8]) -> String {
        var lines = ["-----BEGIN \(label)-----"]
        var rest = base64(encoding: octets)[...]
        while !rest.isEmpty {
            lines.append(String(rest.prefix(64)))
            rest = rest.dropFirst(64)
        }
        return (lines + ["-----END \(label)-----"]).joined(separator: "\n") + "\n"
    }

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    package static func base64(encoding octets: [UInt8]) -> String {
        var result: [UInt8] = []
        for start in stride(from: 0, to: octets.count, by: 3) {
            let part = octets[start..<min(start + 3, octets.count)]
            let bits = part.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - part.count))
            for index in 0..<4 {
                result.append(
                    index <= part.count ? alphabet[Int(bits >> UInt32(18 - 6 * index) & 63)] : UInt8(ascii: "="))
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// nil for a foreign character, or a padding that does not fit.
    package static func base64(_ text: [UInt8]) -> [UInt8]? {
        var digits = text[...]
        var padding = 0
        while digits.last == UInt8(ascii: "=") {
            digits = digits.dropLast()
            padding += 1
        }
        guard !digits.isEmpty, padding <= 2, digits.count % 4 != 1,
            padding == 0 || (digits.count + padding) % 4 == 0
        else { return nil }
        var result: [UInt8] = []
        result.reserveCapacity(digits.count * 3 / 4)
        var buffer: UInt32 = 0
        var bits: UInt32 = 0
        for digit in digits {
            let value: UInt8
            switch digit {
            case 0x41...0x5a: value = digit - 0x41
            case 0x61...0x7a: value = digit - 0x61 + 26
            case 0x30...0x39: value = digit - 0x30 + 52
            case UInt8(ascii: "+"): value = 62
            case UInt8(ascii: "/"): value = 63
            default: return nil
            }
            buffer = (buffer << 6 | UInt32(value)) & 0xffff
            bits += 6
            if bits >= 8 {
                bits -= 8
                result.append(UInt8(truncatingIfNeeded: buffer >> bits))
            }
        }
        return result
    }
}
