import DialectKit
import IKECrypto
package import IKEModel
import IKEWire

/// An ipsec.secrets with all that it includes: the shared keys; private keys are other files' matter and skipped.
///
/// An entry starts in the first column: identities, a colon, a kind (`PSK`, `RSA`, `PPKS`, `XAUTH`, …) and its value.
/// Lines that are indented continue it.
package struct SecretsFile: Sendable {
    package private(set) var keys = PreSharedKeys()
    /// Every file that was read, in order.
    package private(set) var files: [String] = []

    private static let includeDepthLimit = 16
    /// Octets of one key: pluto's own limit is 4096 characters per token.
    private static let keyOctetLimit = 4096

    /// A file that is not there is no mistake: the daemon runs without keys and says so when one is needed.
    ///
    /// - Throws: the first mistake, with file and line.
    package init(parsing path: String, from source: ConfigurationSource) throws(ConfigurationError) {
        try parse(path, source, depth: 0)
    }

    private mutating func parse(_ path: String, _ source: ConfigurationSource, depth: Int) throws(ConfigurationError) {
        guard depth < SecretsFile.includeDepthLimit, files.count < 4096 else {
            throw ConfigurationError(file: path, line: 0, "too many nested includes; does the file include itself?")
        }
        let octets: [UInt8]
        do throws(FileFailure) { octets = try source.readFile(path) } catch {
            if error.isMissing { return }
            throw ConfigurationError(file: path, line: 0, "can't load file '\(path)': \(error)")
        }
        files.append(path)
        var entry: (tokens: [Token], line: Int)?
        var number = 0
        for raw in octets.split(separator: 0x0a, omittingEmptySubsequences: false) {
            number += 1
            let tokens = try Token.tokens(of: raw, file: path, line: number)
            guard let first = tokens.first else { continue }
            let indented = raw.first == 0x20 || raw.first == 0x09
            if indented {
                guard entry != nil else {
                    throw ConfigurationError(
                        file: path, line: number, "unexpected indented line; an entry starts in column 1")
                }
                entry!.tokens += tokens
                continue
            }
            if let finished = entry { try add(finished.tokens, file: path, line: finished.line) }
            entry = nil
            if first == .word("include") {
                guard tokens.count == 2 else {
                    throw ConfigurationError(file: path, line: number, "include needs one file name")
                }
                for file in source.included(tokens[1].text, from: path) { try parse(file, source, depth: depth + 1) }
            } else {
                entry = (tokens, number)
            }
        }
        if let finished = entry { try add(finished.tokens, file: path, line: finished.line) }
    }

    private mutating func add(_ tokens: [Token], file: String, line: Int) throws(ConfigurationError) {
        func fail(_ message: String) -> ConfigurationError { ConfigurationError(file: file, line: line, message) }
        guard let colon = tokens.firstIndex(of: .word(":")) else {
            throw fail("expecting a ':' between the identities and the secret")
        }
        if tokens[colon...].dropFirst().first?.text.uppercased() == "EAP" {
            let values = tokens[(colon + 2)...]
            guard values.count == 1, let octets = values.last?.octets, octets.count <= SecretsFile.keyOctetLimit else {
                throw fail("EAP needs exactly one value: \"text\", 0xHEX or 0sBASE64")
            }
            // Names of EAP, and not identities of IKE: `carol`, `carol@example.com`, `DOMAIN\carol`.
            keys.eapSecrets.append(
                EAPSecret(identities: tokens[..<colon].map { Array($0.text.utf8) }, secret: SecretBytes(octets)))
            return
        }
        var indices: [PreSharedKeys.Index] = []
        for token in tokens[..<colon] {
            if token.text == "%any" || token.text == "%any6" || token.text == "0.0.0.0" || token.text == "::" {
                indices.append(.any)
            } else if let identification = Identification(plutoText: token.text) {
                indices.append(.identification(identification))
            } else {
                throw fail("malformed identity '\(token.text)'")
            }
        }
        let rest = tokens[(colon + 1)...]
        guard let kind = rest.first else { throw fail("expecting PSK, RSA, … behind the ':'") }
        switch kind.text.uppercased() {
        case "PSK":
            guard rest.count == 2, let value = rest.last else { throw fail("PSK needs exactly one value") }
            guard let octets = value.octets, octets.count <= SecretsFile.keyOctetLimit else {
                throw fail("PSK value is malformed: expecting \"text\", 0xHEX or 0sBASE64")
            }
            guard !octets.isEmpty else { throw fail("PSK value is empty") }
            keys.entries.append(PreSharedKeys.Entry(indices: indices, secret: SecretBytes(octets)))
        case "PPKS":
            let values = rest.dropFirst()
            guard values.count == 2, let name = values.first, let value = values.last else {
                throw fail("PPKS needs a name and a value")
            }
            guard let octets = value.octets, !octets.isEmpty, octets.count <= SecretsFile.keyOctetLimit else {
                throw fail("PPKS value is malformed: expecting \"text\", 0xHEX or 0sBASE64")
            }
            keys.postQuantum.append(
                PostQuantumKey(indices: indices, name: Array(name.text.utf8), secret: SecretBytes(octets)))
        case "RSA", "ECDSA", "PUBKEY", "XAUTH", "PIN", "NULL": break
        default: throw fail("unrecognized key format: \(kind.text)")
        }
    }

    private enum Token: Hashable {
        case word(String)
        /// Octets, not text: a key need not be UTF-8.
        case quoted([UInt8])

        var text: String {
            switch self {
            case .word(let text): text
            case .quoted(let octets): String(decoding: octets, as: UTF8.self)
            }
        }

        /// What a PSK's value stands for; nil where it is malformed.
        var octets: [UInt8]? {
            let text: String
            switch self {
            case .quoted(let octets): return octets
            case .word(let word): text = word
            }
            if text.hasPrefix("0x") || text.hasPrefix("0X") {
                let digits = text.utf8.dropFirst(2).filter { $0 != UInt8(ascii: "_") }
                guard !digits.isEmpty, digits.count % 2 == 0 else { return nil }
                var result: [UInt8] = []
                for index in stride(from: 0, to: digits.count, by: 2) {
                    guard let high = hexValue(digits[index]), let low = hexValue(digits[index + 1]) else { return nil }
                    result.append(high << 4 | low)
                }
                return result
            }
            if text.hasPrefix("0s") || text.hasPrefix("0S") { return base64(Array(text.utf8.dropFirst(2))) }
            return nil
        }

        static func tokens(
            of raw: ArraySlice<UInt8>, file: String, line: Int
        ) throws(ConfigurationError) -> [Token] {
            var result: [Token] = []
            var index = raw.startIndex
            while index < raw.endIndex {
                let octet = raw[index]
                if octet == 0x20 || octet == 0x09 || octet == 0x0d {
                    index += 1
                } else if octet == UInt8(ascii: "#") {
                    break
                } else if octet == UInt8(ascii: "\"") || octet == UInt8(ascii: "'") {
                    guard let end = raw[(index + 1)...].firstIndex(of: octet) else {
                        throw ConfigurationError(file: file, line: line, "unterminated quoted string")
                    }
                    result.append(.quoted(Array(raw[(index + 1)..<end])))
                    index = end + 1
                } else {
                    let end = raw[index...].firstIndex { $0 == 0x20 || $0 == 0x09 || $0 == 0x0d } ?? raw.endIndex
                    var word = String(decoding: raw[index..<end], as: UTF8.self)
                    index = end
                    // `@west:PSK` and `@west: PSK` both occur; an IPv6 address keeps its colons.
                    let separate = word.count > 1 && word.hasSuffix(":") && !word.hasSuffix("::")
                    if separate { word.removeLast() }
                    result.append(.word(word))
                    if separate { result.append(.word(":")) }
                }
            }
            return result
        }

        private func hexValue(_ digit: UInt8) -> UInt8? {
            switch digit {
            case 0x30...0x39: digit - 0x30
            case 0x41...0x46: digit - 0x41 + 10
            case 0x61...0x66: digit - 0x61 + 10
            default: nil
            }
        }

        /// RFC 4648 §4; nil for a foreign character or a padding that doesn't fit.
        private func base64(_ text: [UInt8]) -> [UInt8]? {
            var padding = 0
            var digits = text[...]
            while digits.last == UInt8(ascii: "=") {
                digits = digits.dropLast()
                padding += 1
            }
            guard !digits.isEmpty, padding <= 2, digits.count % 4 != 1,
                padding == 0 || (digits.count + padding) % 4 == 0
            else { return nil }
            var result: [UInt8] = []
            var buffer: UInt32 = 0
            var bits = 0
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
                    result.append(UInt8(truncatingIfNeeded: buffer >> UInt32(bits)))
                }
            }
            return result
        }
    }
}
