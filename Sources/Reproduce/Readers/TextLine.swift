/// Helpers to take a line of a log apart from its left end.
extension Substring {
    /// What stands behind a prefix; nil where the text doesn't begin with it.
    func after(_ prefix: String) -> Substring? { hasPrefix(prefix) ? dropFirst(prefix.count) : nil }

    /// What stands before and behind the first occurrence of a text.
    func parted(by separator: String) -> (before: Substring, behind: Substring)? {
        guard let first = separator.first else { return nil }
        var index = startIndex
        while let found = self[index...].firstIndex(of: first) {
            if self[found...].hasPrefix(separator) {
                return (self[..<found], self[self.index(found, offsetBy: separator.count)...])
            }
            index = self.index(after: found)
        }
        return nil
    }

    /// What stands between the first `open` and the next `close` behind it.
    func between(_ open: String, _ close: String) -> Substring? {
        parted(by: open)?.behind.parted(by: close)?.before
    }

    var trimmed: Substring {
        var text = drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}

extension String {
    /// The lines of a file, whatever ends them.
    var logLines: [Substring] { self[...].split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) }
}

/// How octets are shown.
enum LogText {
    /// `0013`; the first 16 octets.
    static func hexadecimal(_ octets: [UInt8]) -> String {
        octets.prefix(16).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
