import Glibc

/// Standard output and error as a person or a file sees them: colours and a live line only where a person does.
enum Terminal {
    static let isInteractive = isatty(STDOUT_FILENO) == 1
    /// Columns: what a live line may take without going on to the next.
    static let width = getenv("COLUMNS").flatMap { Int(String(cString: $0)) } ?? 80

    static func green(_ text: String) -> String { coloured(text, 32) }
    static func red(_ text: String) -> String { coloured(text, 31) }
    static func yellow(_ text: String) -> String { coloured(text, 33) }
    static func dim(_ text: String) -> String { coloured(text, 2) }

    private static func coloured(_ text: String, _ code: Int) -> String {
        isInteractive && getenv("NO_COLOR") == nil ? "\u{1b}[\(code)m\(text)\u{1b}[0m" : text
    }

    /// Writes a line at once: a run that is killed has shown all it did, and no forked child has text to flush again.
    static func print(_ line: String) { write(line + "\n", to: STDOUT_FILENO) }
    /// Writes text without a newline behind it.
    static func printPart(_ text: String) { write(text, to: STDOUT_FILENO) }
    static func printOctets(_ octets: [UInt8]) { write(octets[...], to: STDOUT_FILENO) }
    static func printError(_ line: String) { write(line + "\n", to: STDERR_FILENO) }

    /// Shows a line that the next one takes the place of; nothing where no person watches.
    static func showLive(_ line: String) {
        if isInteractive { write("\r\u{1b}[K" + line, to: STDOUT_FILENO) }
    }
    static func clearLive() {
        if isInteractive { write("\r\u{1b}[K", to: STDOUT_FILENO) }
    }

    private static func write(_ text: String, to descriptor: Int32) { write(Array(text.utf8)[...], to: descriptor) }

    private static func write(_ octets: ArraySlice<UInt8>, to descriptor: Int32) {
        var bytes = octets
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }
}
