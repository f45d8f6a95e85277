/// A command on a sanitized console, with what it printed.
package struct ConsoleStep: Sendable, Equatable {
    package let host: String
    /// Without the leading space that stands before it on the console.
    package let command: String
    package let output: [String]
    /// Where the command stands in the console, from 1.
    package let line: Int

    package init(host: String, command: String, output: [String], line: Int) {
        self.host = host
        self.command = command
        self.output = output
        self.line = line
    }

    /// A comment is echoed like a command and never run.
    package var isComment: Bool { command.hasPrefix("#") }
}

extension ConsoleStep {
    /// The steps of a sanitized console: the first line is a command, and so is each line behind the host's prompt.
    /// Prompts of other names (`begin #`, printed by helper scripts) are output.
    package static func steps(of console: String, host: String) -> [ConsoleStep] {
        steps(of: console.transcriptLines, host: host)
    }

    package static func steps(of lines: [String], host: String) -> [ConsoleStep] {
        let prompt = "\(host) #"
        var steps: [ConsoleStep] = []
        var index = 0
        var afterPrompt = true
        while index < lines.count {
            if lines[index] == prompt {
                afterPrompt = true
                index += 1
                continue
            }
            let start = index
            while index < lines.count, lines[index] != prompt { index += 1 }
            guard afterPrompt else { continue }
            let command = lines[start]
            let isBehindPrompt = start > 0
            // A console may begin with output where a shell greeted; behind a prompt a command has its leading space.
            guard !isBehindPrompt || command.hasPrefix(" ") else { continue }
            steps.append(
                ConsoleStep(
                    host: host, command: isBehindPrompt ? String(command.dropFirst()) : command,
                    output: Array(lines[(start + 1)..<index]), line: start + 1))
            afterPrompt = false
        }
        return steps
    }
}

extension String {
    /// The lines without their newlines; nothing stands after the last newline.
    package var transcriptLines: [String] {
        // Over the octets: splitting by Character is many times slower, and takes CR LF for one.
        var lines: [String] = []
        var start = utf8.startIndex
        while start != utf8.endIndex {
            let end = utf8[start...].firstIndex(of: UInt8(ascii: "\n")) ?? utf8.endIndex
            lines.append(String(self[start..<end]))
            start = end == utf8.endIndex ? end : utf8.index(after: end)
        }
        return lines
    }
}
