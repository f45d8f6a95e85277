/// One line of a console while it is being sanitized: its octets without the newline, and what is known of its place.
package struct ConsoleLine: Sendable {
    /// What a line is. Lines are `unknown` until the prompt rule has run: before it a prompt and the command behind it
    /// share one line.
    package enum Role: Sendable {
        case unknown, prompt, command, output
    }

    package private(set) var octets: [UInt8]
    /// The line's number in the raw console, from 1; both halves of a split prompt keep it.
    package let number: Int
    package var role: Role
    /// What the command did that this line is, or that printed it.
    package var command: CommandKinds
    /// Of `octets`; kept in step by `replace`.
    private(set) var signature: LineSignature

    package init(_ octets: [UInt8], number: Int, role: Role = .unknown, command: CommandKinds = []) {
        self.octets = octets
        self.number = number
        self.role = role
        self.command = command
        signature = LineSignature(octets)
    }

    package var text: String { String(decoding: octets, as: UTF8.self) }

    mutating func replace(with octets: [UInt8]) {
        self.octets = octets
        signature = LineSignature(octets)
    }
}

extension ConsoleLine {
    /// The lines of a console; a last line without a newline counts, an empty rest after the last newline does not.
    static func lines(of console: some Collection<UInt8>) -> [ConsoleLine] {
        var lines: [ConsoleLine] = []
        var start = console.startIndex
        while start != console.endIndex {
            let end = console[start...].firstIndex(of: UInt8(ascii: "\n")) ?? console.endIndex
            lines.append(ConsoleLine(Array(console[start..<end]), number: lines.count + 1))
            start = end == console.endIndex ? end : console.index(after: end)
        }
        return lines
    }

    /// The lines as one text, each ended by a newline.
    static func text(of lines: [ConsoleLine]) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(lines.reduce(0) { $0 + $1.octets.count + 1 })
        for line in lines {
            text += line.octets
            text.append(UInt8(ascii: "\n"))
        }
        return text
    }
}
