/// A mode of a device's console.
protocol ConsoleMode: Hashable, CaseIterable, Sendable {
    /// Where commands are carried out, and where the lines of the configuration that stand alone are typed.
    static var exec: Self { get }
    static var configuration: Self { get }
    /// What stands between the device's name and `#`: `(config-if)`.
    var prompt: String { get }
}

/// What a command of a device does.
enum ConsoleAction<Mode: ConsoleMode, Command: Sendable>: Sendable {
    /// Keeps a line of the configuration, and perhaps goes to the mode below it. A note says what it does not do here.
    case set(Mode? = nil, note: String? = nil)
    case configure, exit, end
    case run(Command)
}

/// The console line of a device: the mode that it is in, and the running configuration that is typed at it.
///
/// It is one line, as a serial port: the mode that a command leaves it in is the mode of the next one.
struct DeviceConsole<Mode: ConsoleMode, Command: Sendable> {
    typealias Action = ConsoleAction<Mode, Command>
    typealias Table = CommandTable<Action>

    /// What came of a line.
    struct Outcome {
        var output = ""
        var changesConfiguration = false
        /// What is to be done, and with what.
        var command: Command?
        var arguments: [String] = []
    }

    /// Of each mode; what is not there has no commands.
    let tables: [Mode: Table]
    /// What errors begin with: `ERROR: ` of an ASA.
    let lead: String
    private(set) var tree = ConfigurationTree()
    private(set) var mode = Mode.exec
    /// The line whose mode it is.
    private var openEntry: Int?

    init(tables: [Mode: Table], lead: String) {
        self.tables = tables
        self.lead = lead
    }

    /// A startup configuration. - Returns: what the console says of lines, with their numbers from 1.
    mutating func load(_ text: String) -> [(line: Int, text: String, answer: String)] {
        mode = .configuration
        defer {
            mode = .exec
            openEntry = nil
        }
        var answers: [(line: Int, text: String, answer: String)] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let line = line.hasSuffix("\r") ? String(line.dropLast()) : String(line)
            let answer = enter(String(line.drop { $0 == " " }), promptWidth: 0)
            if !answer.isEmpty { answers.append((index + 1, line, answer)) }
        }
        return answers
    }

    /// One line at the console.
    /// - Parameter promptWidth: the columns before it.
    mutating func type(_ line: String, promptWidth: Int) -> Outcome {
        let text = line.drop { $0 == " " }
        guard !text.isEmpty, text.first != "!" else { return Outcome() }
        if text.last == "?" { return Outcome(output: help(String(line.dropLast()), promptWidth)) }
        do throws(CommandError) {
            let match = try table(mode).match(line)
            switch match.rule.action {
            case .set: break
            case .configure: mode = .configuration
            case .exit:
                mode = mode == .exec || mode == .configuration ? .exec : .configuration
                openEntry = nil
            case .end:
                mode = .exec
                openEntry = nil
            case .run(let command): return Outcome(command: command, arguments: match.arguments)
            }
            guard case .set = match.rule.action else { return Outcome() }
        } catch {
            let isOfConfiguration = (try? table(.configuration).match(Self.withoutNo(line))) != nil
            guard mode != .exec, text.hasPrefix("no ") || isOfConfiguration else {
                return Outcome(output: error.text(promptWidth: promptWidth, lead: lead))
            }
        }
        return Outcome(output: enter(line, promptWidth: promptWidth), changesConfiguration: true)
    }

    private func table(_ mode: Mode) -> Table { tables[mode] ?? CommandTable([]) }

    private static func withoutNo(_ line: String) -> String {
        line.hasPrefix("no ") ? String(line.dropFirst(3)) : line
    }

    private func help(_ line: String, _ promptWidth: Int) -> String {
        do {
            return try table(mode).help(line).map { "  \($0)\n" }.joined()
        } catch {
            return error.text(promptWidth: promptWidth, lead: lead)
        }
    }

    /// A line of the configuration: of the mode below a line, or of the configuration itself. - Returns: what is said of it.
    private mutating func enter(_ line: String, promptWidth: Int) -> String {
        let text = line.drop { $0 == " " }
        guard !text.isEmpty, text.first != "!", text.first != ":" else { return "" }
        let removes = text.hasPrefix("no ")
        let command = removes ? String(text.dropFirst(3)) : line
        do throws(CommandError) {
            if mode != .configuration, let openEntry, let match = try? table(mode).match(command) {
                return keep(match, below: openEntry, removes: removes)
            }
            return keep(try table(.configuration).match(command), below: nil, removes: removes)
        } catch {
            return error.text(promptWidth: promptWidth, lead: lead)
        }
    }

    private mutating func keep(_ match: Table.Match, below: Int?, removes: Bool) -> String {
        guard case .set(let next, let note) = match.rule.action else { return "" }
        if removes {
            if tree.remove(beginning: match.words, below: below) { return "" }
            return note.map { "INFO: no effect: \($0)\n" } ?? "\(lead)entry does not exist\n"
        }
        if let below {
            tree.set(match.words, identity: match.identity, below: below)
        } else {
            let index = tree.set(match.words, identity: match.identity)
            mode = next ?? .configuration
            openEntry = next == nil ? nil : index
        }
        return note.map { "INFO: no effect: \($0)\n" } ?? ""
    }

    /// As `show running-config` prints it; keys are never shown.
    var runningConfiguration: String {
        tree.text.split(separator: "\n").map { line in
            var words = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
            if line.contains("pre-shared-key "), words.count > 1 { words[words.count - 1] = "*****" }
            return words.joined(separator: " ") + "\n"
        }.joined()
    }
}
