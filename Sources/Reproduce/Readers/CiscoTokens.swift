/// The words of a Cisco document, without what marks them: its punctuation, time stamps, session numbers, and what a PDF, a
/// table and a web page have added. Line breaks mean nothing: such documents lose and gain them.
struct CiscoTokens {
    struct Token {
        let text: Substring
        let line: Int
        /// Milliseconds of the day, of the last time stamp before it; nil where there was none.
        let time: Int?
    }

    private(set) var tokens: [Token] = []

    init(_ lines: [Substring]) {
        var time: Int?
        for (index, line) in lines.enumerated() {
            let clean = CiscoTokens.clean(line)
            for word in CiscoTokens.words(clean[...]) {
                if let stamp = CiscoTokens.time(word) {
                    time = stamp
                    continue
                }
                tokens.append(Token(text: word, line: index + 1, time: time))
            }
        }
    }

    /// Without markup (`<b>`, `&gt;`, `\_`, `**`), and with a space before a facility's name that is glued to a word.
    static func clean(_ line: Substring) -> String {
        var result = ""
        result.reserveCapacity(line.utf8.count)
        var rest = line
        while let character = rest.first {
            if character == "<", let end = rest.prefix(16).firstIndex(of: ">"),
                rest[rest.index(after: rest.startIndex)..<end].allSatisfy({ $0.isLetter || $0 == "/" || $0 == "#" })
            {
                rest = rest[rest.index(after: end)...]
                result.append(" ")
            } else if let behind = rest.after("&gt;") {
                rest = behind
                result.append(">")
            } else if let behind = rest.after("&lt;") {
                rest = behind
                result.append("<")
            } else if let behind = rest.after("IKEv2-PROTO") ?? rest.after("IKEv2-PLAT") {
                // REQUESTIKEv2-PROTO-3:
                rest = behind
                result.append(" IKEv2-")
            } else {
                rest.removeFirst()
                if character != "\\" && character != "*" { result.append(character) }
            }
        }
        return CiscoTokens.withoutSessions(result[...])
    }

    /// Without `(59):`, which may stand between any two words.
    private static func withoutSessions(_ text: Substring) -> String {
        var result = ""
        var rest = text
        while let open = rest.firstIndex(of: "(") {
            result += rest[..<open]
            rest = rest[open...]
            let digits = rest.dropFirst().prefix(while: \.isNumber)
            if !digits.isEmpty, rest[digits.endIndex...].hasPrefix("):") {
                rest = rest.dropFirst(digits.count + 3)
                result.append(" ")
            } else {
                result.append(rest.removeFirst())
            }
        }
        return result + rest
    }

    /// `19:30:34.811`, which survives the splitting whole.
    private static func time(_ word: Substring) -> Int? {
        let parts = word.split(separator: ":")
        guard parts.count == 3, parts[0].count == 2, parts[1].count == 2, let hours = Int(parts[0]),
            let minutes = Int(parts[1]), hours < 24, minutes < 60
        else { return nil }
        let seconds = parts[2].split(separator: ".")
        guard let whole = seconds.first.flatMap({ Int($0) }), whole < 61 else { return nil }
        let rest = seconds.count > 1 ? Int(seconds[1].prefix(3)) ?? 0 : 0
        return ((hours * 60 + minutes) * 60 + whole) * 1000 + rest
    }

    private static func words(_ text: Substring) -> [Substring] {
        var result: [Substring] = []
        for chunk in text.split(whereSeparator: \.isWhitespace) {
            let bare = chunk.last == ":" ? chunk.dropLast() : chunk
            if time(bare) != nil {
                result.append(bare)
                continue
            }
            var word = chunk.startIndex
            var index = chunk.startIndex
            func end() {
                if word < index { result.append(chunk[word..<index]) }
            }
            while index < chunk.endIndex {
                let character = chunk[index]
                if character == "[", let close = chunk[index...].firstIndex(of: "]"),
                    chunk[index..<close].contains(where: { $0 == "." || $0 == ":" })
                {
                    // An address, of either family.
                    end()
                    result.append(chunk[chunk.index(after: index)..<close])
                    index = chunk.index(after: close)
                    word = index
                } else if ":,;=()[]|<>/\"'".contains(character) {
                    // An apostrophe within a word stays: REC'D, Don't.
                    if character == "'" && word < index {
                        index = chunk.index(after: index)
                        continue
                    }
                    end()
                    index = chunk.index(after: index)
                    word = index
                } else {
                    index = chunk.index(after: index)
                }
            }
            end()
        }
        return result.filter { word in word.contains { $0 != "-" && $0 != "!" } }
    }

    /// Whether these words stand at an index.
    func stands(_ words: [String], at index: Int) -> Bool {
        guard index >= 0, index + words.count <= tokens.count else { return false }
        for (offset, word) in words.enumerated() where tokens[index + offset].text != word { return false }
        return true
    }

    /// The word at an index; nil behind the end.
    func word(_ index: Int) -> Substring? { tokens.indices.contains(index) ? tokens[index].text : nil }

    /// A decimal number at an index.
    func number(_ index: Int) -> Int? { word(index).flatMap { Int($0) } }
}
