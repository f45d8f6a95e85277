/// One line of ipsec.conf, taken apart.
enum ConfigurationLine: Hashable {
    case blank
    case version(String)
    case setup
    case connection(String)
    case include(String)
    /// The key in lower case, the value without its quotes.
    case assignment(String, String)

    init(_ raw: ArraySlice<UInt8>, file: String, number: Int) throws(ConfigurationError) {
        func fail(_ message: String) -> ConfigurationError { ConfigurationError(file: file, line: number, message) }
        if let odd = raw.first(where: { $0 < 0x20 && $0 != 0x09 && $0 != 0x0d }) {
            throw fail("syntax error, unexpected control character 0x\(String(odd, radix: 16))")
        }
        let indented = raw.first.map { ConfigurationLine.isSpace($0) } ?? false
        let body = ConfigurationLine.trimmed(raw)
        guard let first = body.first, first != UInt8(ascii: "#") else {
            self = .blank
            return
        }
        guard indented else {
            self = try ConfigurationLine.header(body, fail)
            return
        }
        guard let equals = body.firstIndex(of: UInt8(ascii: "=")) else {
            throw fail("syntax error, expecting KEYWORD=VALUE [\(ConfigurationLine.text(body))]")
        }
        let key = ConfigurationLine.text(ConfigurationLine.trimmed(body[..<equals])).lowercased()
        guard !key.isEmpty, !key.contains(where: { $0 == " " || $0 == "\t" || $0 == "\"" }) else {
            throw fail("syntax error, expecting KEYWORD=VALUE [\(ConfigurationLine.text(body))]")
        }
        guard let value = ConfigurationLine.value(body[(equals + 1)...]) else {
            throw fail("syntax error, unterminated quoted string in value of '\(key)'")
        }
        self = .assignment(key, value)
    }

    private static func header(
        _ body: ArraySlice<UInt8>, _ fail: (String) -> ConfigurationError
    ) throws(ConfigurationError) -> ConfigurationLine {
        let words = text(body[..<(commentStart(body) ?? body.endIndex)]).split { $0 == " " || $0 == "\t" }
        switch (words.first, words.count) {
        case ("version", 1...2): return .version(words.count == 2 ? String(words[1]) : "")
        case ("config", 2) where words[1] == "setup": return .setup
        case ("conn", 2):
            let name = String(words[1])
            guard !name.contains("\""), !name.contains("'") else {
                throw fail("syntax error, a connection's name has no quotes [\(name)]")
            }
            return .connection(name)
        case ("include", 2): return .include(unquoted(String(words[1])))
        case (.some(let word), _):
            throw fail("syntax error, unexpected STRING [\(word)]")
        case (nil, _): return .blank
        }
    }

    /// The value behind a `=`; nil where its quote does not end.
    private static func value(_ octets: ArraySlice<UInt8>) -> String? {
        let body = trimmed(octets)
        guard let quote = body.first, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else {
            return text(trimmed(body[..<(commentStart(body) ?? body.endIndex)]))
        }
        guard let end = body.dropFirst().firstIndex(of: quote) else { return nil }
        let rest = trimmed(body[(end + 1)...])
        // Something behind the closing quote: the quotes are part of the value (`"a" "b"`).
        if let next = rest.first, next != UInt8(ascii: "#") { return text(body) }
        return text(body[(body.startIndex + 1)..<end])
    }

    /// Where a `#` begins a comment: first, or behind white space.
    private static func commentStart(_ octets: ArraySlice<UInt8>) -> Int? {
        octets.indices.first {
            octets[$0] == UInt8(ascii: "#") && ($0 == octets.startIndex || isSpace(octets[$0 - 1]))
        }
    }

    private static func unquoted(_ word: String) -> String {
        word.count >= 2 && word.hasPrefix("\"") && word.hasSuffix("\"") ? String(word.dropFirst().dropLast()) : word
    }

    private static func isSpace(_ octet: UInt8) -> Bool { octet == 0x20 || octet == 0x09 || octet == 0x0d }

    private static func trimmed(_ octets: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var slice = octets.drop(while: isSpace)
        while let last = slice.last, isSpace(last) { slice = slice.dropLast() }
        return slice
    }

    private static func text(_ octets: ArraySlice<UInt8>) -> String { String(decoding: octets, as: UTF8.self) }
}
