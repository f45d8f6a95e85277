import DialectKit

/// What a command answers.
struct CommandAnswer {
    /// For the console; lines end with a newline.
    var text = ""
    var effects: [DialectEffect] = []
    /// The `ping` whose end is the command's.
    var echo: UInt64?
    var exits = false

    static let nothing = CommandAnswer()

    init(_ text: String = "", effects: [DialectEffect] = []) {
        self.text = text
        self.effects = effects
    }
}

/// A command: its words, what `?` shows of it, and what it does.
struct CommandRow: Sendable {
    typealias Action =
        @Sendable (VPPDialect, inout CommandWords, any DaemonView) throws(CommandFailure) -> CommandAnswer

    let path: [String]
    let help: String
    let action: Action

    init(_ path: String, _ help: String, _ action: @escaping Action) {
        self.path = path.split(separator: " ").map(String.init)
        self.help = help
        self.action = action
    }

    var name: String { path.joined(separator: " ") }
}

/// All commands. A word may be cut short where no other begins so; the longest row counts.
enum CommandTable {
    static let rows: [CommandRow] =
        interfaceRows + routingRows + securityRows + profileRows + listingRows + consoleRows

    enum Match {
        case row(CommandRow, CommandWords)
        /// No row: what it is to be said under, and the words that nothing is known of.
        case unknown(name: String, rest: [String])
    }

    static func match(_ words: [String]) -> Match {
        var candidates = rows
        var depth = 0
        var name: [String] = []
        while depth < words.count {
            let further = candidates.filter { $0.path.count > depth && $0.path[depth].hasPrefix(words[depth]) }
            let exact = further.filter { $0.path[depth] == words[depth] }
            let chosen = exact.isEmpty ? further : exact
            let names = Set(chosen.map { $0.path[depth] })
            // Not a command's word: it is the first of what a shorter row takes.
            guard names.count == 1, let one = names.first else { break }
            candidates = chosen
            name.append(one)
            depth += 1
        }
        if depth > 0, let row = candidates.first(where: { $0.path.count == depth }) {
            return .row(row, CommandWords(Array(words[depth...])))
        }
        return .unknown(name: name.joined(separator: " "), rest: Array(words[depth...]))
    }

    /// What `?` shows behind some words: the commands that they begin, with their help.
    static func help(_ words: [String]) -> String {
        rows.filter { row in
            row.path.count >= words.count && zip(row.path, words).allSatisfy { $0.hasPrefix($1) }
        }.sorted { $0.name < $1.name }.map { row in
            "  " + Columns.left(row.name, 40) + " " + row.help + "\n"
        }.joined()
    }
}
