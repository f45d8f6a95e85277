/// The commands of one mode, and what a typed line means among them.
struct CommandTable<Action: Sendable>: Sendable {
    let rules: [CommandRule<Action>]

    /// A line that is a command.
    struct Match: Sendable {
        var rule: CommandRule<Action>
        /// Keywords in full, arguments as they were typed.
        var words: [String]
        /// The arguments alone.
        var arguments: [String]

        /// The line that names this one in a configuration.
        var identity: [String] { Array(words.prefix(rule.identity)) }
    }

    init(_ rules: [CommandRule<Action>]) { self.rules = rules }

    /// - Throws: why the line is no command.
    func match(_ line: String) throws(CommandError) -> Match {
        let typed = TypedWord.words(of: line)
        var candidates = rules
        var words: [String] = []
        for (index, word) in typed.enumerated() {
            let open = candidates.filter { $0.place(index).map { $0.takes(word.text) } ?? false }
            guard !open.isEmpty else { throw .invalid(column: word.column) }
            candidates = Self.best(open, index, word.text)
            let keywords = Set(candidates.compactMap { $0.keyword(at: index) })
            guard keywords.count <= 1 else { throw .ambiguous(line) }
            words.append(keywords.first ?? word.text)
        }
        // Of those that fit, the one that fits a number rather than any word, and a keyword rather than either.
        let complete = candidates.filter { $0.isComplete(words.count) }
        guard let rule = complete.max(by: { $0.keywordCount(words.count) < $1.keywordCount(words.count) }) else {
            throw .incomplete
        }
        for (index, word) in typed.enumerated() where rule.keyword(at: index) == nil { words[index] = word.text }
        let arguments = words.indices.filter { rule.keyword(at: $0) == nil }.map { words[$0] }
        return Match(rule: rule, words: words, arguments: arguments)
    }

    /// Keywords come before arguments, and a keyword in full before those that it begins.
    private static func best(
        _ open: [CommandRule<Action>], _ index: Int, _ word: String
    ) -> [CommandRule<Action>] {
        let exact = open.filter { $0.keyword(at: index) == word.lowercased() }
        if !exact.isEmpty { return exact }
        let keywords = open.filter { $0.keyword(at: index) != nil }
        return keywords.isEmpty ? open : keywords
    }

    /// What may come next behind a line, as a `?` lists it.
    func help(_ line: String) throws(CommandError) -> [String] {
        let typed = TypedWord.words(of: line)
        let isInWord = !line.isEmpty && line.last != " "
        var candidates = rules
        for (index, word) in typed.enumerated() where !(isInWord && index == typed.count - 1) {
            let open = candidates.filter { $0.place(index).map { $0.takes(word.text) } ?? false }
            guard !open.isEmpty else { throw .invalid(column: word.column) }
            candidates = Self.best(open, index, word.text)
        }
        let place = isInWord ? typed.count - 1 : typed.count
        let next = candidates.compactMap { rule -> String? in
            guard place < rule.tokens.count else { return place == rule.tokens.count ? "<cr>" : nil }
            let token = rule.tokens[place]
            return !isInWord || token.takes(typed[place].text) ? token.text : nil
        }
        return Set(next).sorted()
    }
}

extension CommandRule {
    /// What may stand at a place; the last place goes on where it takes the rest.
    fileprivate func place(_ index: Int) -> Token? {
        if index < tokens.count { return tokens[index] }
        if case .rest = tokens.last { return tokens.last }
        return nil
    }

    fileprivate func keyword(at index: Int) -> String? {
        guard index < tokens.count, case .keyword(let word) = tokens[index] else { return nil }
        return word
    }

    fileprivate func isComplete(_ count: Int) -> Bool {
        if case .rest = tokens.last { return count >= tokens.count }
        return count == tokens.count
    }

    fileprivate func keywordCount(_ count: Int) -> Int { (0..<count).filter { keyword(at: $0) != nil }.count }
}

/// A word of a line, and the column it begins in, from 0.
struct TypedWord: Hashable {
    var text: String
    var column: Int

    static func words(of line: String) -> [TypedWord] {
        var words: [TypedWord] = []
        var current: TypedWord?
        for (column, character) in line.enumerated() {
            if character == " " || character == "\t" {
                if let current { words.append(current) }
                current = nil
            } else {
                current = TypedWord(
                    text: (current?.text ?? "") + String(character), column: current?.column ?? column)
            }
        }
        return words + (current.map { [$0] } ?? [])
    }
}

/// Why a line is no command.
enum CommandError: Error, Hashable {
    /// No command has such a word there: its column, from 0.
    case invalid(column: Int)
    case incomplete
    case ambiguous(String)

    /// As a device says it, newlines included.
    /// - Parameters:
    ///   - promptWidth: the columns before the line on the terminal.
    ///   - lead: what an ASA begins its errors with; empty for IOS.
    func text(promptWidth: Int, lead: String) -> String {
        switch self {
        case .invalid(let column):
            String(repeating: " ", count: promptWidth + column) + "^\n\(lead)% Invalid input detected at '^' marker.\n"
        case .incomplete: "\(lead)% Incomplete command\(lead.isEmpty ? "." : "")\n"
        case .ambiguous(let line): "\(lead)% Ambiguous command:  \"\(line)\"\n"
        }
    }
}
