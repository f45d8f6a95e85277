/// One command of a device's command line: its words and arguments, and what it is.
///
/// The form is written as it is documented: `crypto map <name> <1-65535> set peer = <address>`. What stands before `=`
/// tells one line of a configuration from another, so a second `set peer` of the same map replaces the first; without `=`
/// the whole line does.
struct CommandRule<Action: Sendable>: Sendable {
    /// A place in a command.
    enum Token: Hashable, Sendable {
        case keyword(String)
        /// Any one word.
        case name(String)
        case number(ClosedRange<Int>)
        /// An IPv4 address or mask, four decimal numbers.
        case address
        /// All that is left, at least one word.
        case rest(String)

        /// As a `?` lists it.
        var text: String {
            switch self {
            case .keyword(let word): word
            case .name(let name): name.uppercased()
            case .number(let range): "<\(range.lowerBound)-\(range.upperBound)>"
            case .address: "A.B.C.D"
            case .rest: "LINE"
            }
        }

        /// Whether a word may stand here; a keyword may be shortened.
        func takes(_ word: String) -> Bool {
            switch self {
            case .keyword(let keyword): keyword.hasPrefix(word.lowercased())
            case .name, .rest: true
            case .number(let range): Int(word).map(range.contains) ?? false
            case .address: IPv4Text.isAddress(word)
            }
        }
    }

    let tokens: [Token]
    /// How many of them name the line.
    let identity: Int
    let action: Action

    /// - Parameter form: a literal of this program: one that is malformed is its author's fault.
    init(_ form: String, _ action: Action) {
        var tokens: [Token] = []
        var identity: Int?
        for part in form.split(separator: " ").map(String.init) {
            if part == "=" {
                identity = tokens.count
            } else if part.hasPrefix("<"), part.hasSuffix(">") {
                tokens.append(Self.argument(String(part.dropFirst().dropLast())))
            } else {
                tokens.append(.keyword(part))
            }
        }
        self.tokens = tokens
        self.identity = identity ?? tokens.count
        self.action = action
    }

    private static func argument(_ text: String) -> Token {
        let ends = text.split(separator: "-").compactMap { Int($0) }
        if ends.count == 2 { return .number(ends[0]...ends[1]) }
        return switch text {
        case "address": .address
        case "rest": .rest(text)
        default: .name(text)
        }
    }
}

enum IPv4Text {
    /// Four decimal numbers of 0...255 with dots between.
    static func isAddress(_ text: String) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { !$0.isEmpty && $0.count <= 3 && UInt8($0) != nil }
    }
}
