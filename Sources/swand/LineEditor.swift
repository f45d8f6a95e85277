import Glibc

/// A line that is typed: what each octet of a terminal does to it. Lines of before come back with the arrows.
struct LineEditor {
    enum Action: Equatable {
        case none
        /// To be shown as it is.
        case echo(String)
        /// The line is another now.
        case redraw(String)
        case help(String)
        case line(String)
        /// Control-D on an empty line.
        case end
    }

    private(set) var line = ""
    private(set) var history: [String] = []
    /// Of the history, the line that is shown; its count: the new one.
    private var place = 0
    private var escape: [UInt8] = []
    private static let historyLimit = 100

    mutating func take(_ octet: UInt8) -> Action {
        if !escape.isEmpty { return takeEscape(octet) }
        switch octet {
        case 0x1b:
            escape = [octet]
            return .none
        case 0x0d, 0x0a:
            let done = line
            if !done.isEmpty && history.last != done {
                history.append(done)
                if history.count > Self.historyLimit { history.removeFirst() }
            }
            line = ""
            place = history.count
            return .line(done)
        case 0x04: return line.isEmpty ? .end : .none
        case 0x03, 0x15:
            line = ""
            return .redraw("")
        case 0x7f, 0x08:
            if line.isEmpty { return .none }
            line.removeLast()
            return .redraw(line)
        case UInt8(ascii: "?"): return .help(line)
        case 0x20...0x7e:
            let text = String(UnicodeScalar(octet))
            line += text
            return .echo(text)
        default: return .none
        }
    }

    /// `ESC [ A` and `ESC [ B`.
    private mutating func takeEscape(_ octet: UInt8) -> Action {
        if escape.count == 1 && octet == UInt8(ascii: "[") {
            escape.append(octet)
            return .none
        }
        escape = []
        let step = octet == UInt8(ascii: "A") ? -1 : octet == UInt8(ascii: "B") ? 1 : 0
        guard step != 0, (0...history.count).contains(place + step) else { return .none }
        place += step
        line = place < history.count ? history[place] : ""
        return .redraw(line)
    }
}

/// Standard input as a terminal that hands over each octet as it is typed, and shows none itself.
final class RawTerminal {
    private var before = termios()

    /// nil where standard input is no terminal.
    init?() {
        guard tcgetattr(0, &before) == 0 else { return nil }
        setRaw()
    }

    deinit { restore() }

    private func setRaw() {
        var raw = before
        raw.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG)
        tcsetattr(0, TCSADRAIN, &raw)
    }

    private func restore() { tcsetattr(0, TCSADRAIN, &before) }

    /// While a command runs the terminal is as it was, so that it can be interrupted.
    func suspended(_ body: () -> Void) {
        restore()
        body()
        setRaw()
    }

    func read() -> UInt8? {
        var octet: UInt8 = 0
        while true {
            let count = Glibc.read(0, &octet, 1)
            if count == 1 { return octet }
            if count == 0 || errno != EINTR { return nil }
        }
    }
}
