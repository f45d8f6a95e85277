import NetAddress

/// Why a command was refused: what follows the command's name and a colon.
struct CommandFailure: Error, Hashable {
    var text: String
    /// Whether it already names the command.
    var isWhole = false
}

/// What a command line has behind the command's name, word by word.
struct CommandWords {
    let words: [String]
    private(set) var index = 0

    init(_ words: [String]) { self.words = words }

    var isAtEnd: Bool { index == words.count }
    var next: String? { isAtEnd ? nil : words[index] }
    /// Those that are left.
    var rest: [String] { Array(words[index...]) }

    /// Goes past a keyword, where it stands here.
    mutating func take(_ keyword: String) -> Bool {
        guard next == keyword else { return false }
        index += 1
        return true
    }

    mutating func word() throws(CommandFailure) -> String {
        guard let next else { throw parseError }
        index += 1
        return next
    }

    /// A word that means something of a kind.
    mutating func value<T>(_ parse: (String) -> T?) throws(CommandFailure) -> T {
        guard let next, let value = parse(next) else { throw parseError }
        index += 1
        return value
    }

    mutating func address() throws(CommandFailure) -> IPAddress { try value(IPAddress.init) }
    mutating func prefix() throws(CommandFailure) -> IPPrefix { try value(IPPrefix.init) }
    mutating func number<N: FixedWidthInteger>(_ type: N.Type = N.self) throws(CommandFailure) -> N {
        try value { N($0) }
    }

    /// `A - B`.
    mutating func addressRange() throws(CommandFailure) -> IPRange {
        let first = try address()
        guard take("-") else { throw parseError }
        guard let range = IPRange(first, try address()) else { throw parseError }
        return range
    }

    mutating func portRange() throws(CommandFailure) -> ClosedRange<UInt16> {
        let first: UInt16 = try number()
        guard take("-") else { throw parseError }
        let last: UInt16 = try number()
        guard first <= last else { throw parseError }
        return first...last
    }

    /// Octets from hexadecimal digits, with or without 0x.
    mutating func octets() throws(CommandFailure) -> [UInt8] { try value(CommandWords.octets) }

    static func octets(_ text: String) -> [UInt8]? {
        let digits = Array((text.hasPrefix("0x") ? text.dropFirst(2) : text[...]).utf8)
        guard digits.count % 2 == 0, !digits.isEmpty else { return nil }
        var result: [UInt8] = []
        for start in stride(from: 0, to: digits.count, by: 2) {
            let pair = String(decoding: digits[start..<start + 2], as: UTF8.self)
            guard pair.utf8.first != UInt8(ascii: "+"), let octet = UInt8(pair, radix: 16) else { return nil }
            result.append(octet)
        }
        return result
    }

    /// VPP shows the line as it would be parsed anew: all of it, its first 30 octets.
    var parseError: CommandFailure {
        let text = words.joined(separator: " ")
        return CommandFailure(text: "parse error: '\(text.count > 30 ? text.prefix(30) + "..." : text[...])'")
    }

    /// What VPP says of words that are left over.
    var unknownInput: CommandFailure {
        let text = rest.joined(separator: " ")
        return CommandFailure(text: "unknown input `\(text.count > 30 ? text.prefix(30) + "..." : text[...])'")
    }

    func finish() throws(CommandFailure) { if !isAtEnd { throw unknownInput } }
}
