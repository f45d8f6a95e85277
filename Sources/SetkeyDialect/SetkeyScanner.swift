/// Words of setkey's language, each with its line. A semicolon is a word of its own; `#` begins a comment; quotes hold a
/// word together, and stay on it.
struct SetkeyScanner {
    struct Word: Hashable {
        var text: String
        var line: Int
    }

    private(set) var words: [Word] = []
    private var index = 0
    private var lastLine = 1

    init(_ text: String) {
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            scan(line, number + 1)
            lastLine = number + 1
        }
    }

    private mutating func scan(_ line: Substring, _ number: Int) {
        var word = ""
        var isQuoted = false
        func end(_ words: inout [Word]) {
            if !word.isEmpty { words.append(Word(text: word, line: number)) }
            word = ""
        }
        for character in line {
            if isQuoted {
                word.append(character)
                isQuoted = character != "\""
                continue
            }
            switch character {
            case "#":
                end(&words)
                return
            case ";":
                end(&words)
                words.append(Word(text: ";", line: number))
            case " ", "\t", "\r": end(&words)
            default:
                isQuoted = character == "\""
                word.append(character)
            }
        }
        end(&words)
    }

    var isAtEnd: Bool { index == words.count }
    var next: String? { isAtEnd ? nil : words[index].text }
    /// Of the next word.
    var line: Int { isAtEnd ? lastLine : words[index].line }

    /// The next word is not what should stand there.
    var syntaxError: SetkeySyntaxError { SetkeySyntaxError(line: line, word: next ?? "") }

    mutating func take(_ word: String) -> Bool {
        guard next == word else { return false }
        index += 1
        return true
    }

    mutating func expect(_ word: String) throws(SetkeySyntaxError) {
        if !take(word) { throw syntaxError }
    }

    /// A word that means something of a kind; a semicolon never does.
    mutating func value<T>(
        orSay what: String = "syntax error", _ parse: (String) -> T?
    ) throws(SetkeySyntaxError) -> T {
        guard let next, next != ";", let value = parse(next) else {
            throw SetkeySyntaxError(line: line, word: next ?? "", what: what)
        }
        index += 1
        return value
    }
}
