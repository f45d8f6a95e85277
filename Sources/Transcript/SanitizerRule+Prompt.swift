/// What is done to the raw console: groups `nocr`, `kernel` and `prompt`.
extension SanitizerRule {
    static let beforePrompt: [SanitizerRule] = [
        SanitizerRule(
            "nocr", "carriage-return", "Carriage returns are dropped.",
            .line { line in
                line.octets.contains(0x0d) ? .replace(line.octets.filter { $0 != 0x0d }) : .keep
            }),
        SanitizerRule(
            "nocr", "empty-line", "Empty lines are dropped; a line with one blank is not empty.",
            .line { $0.octets.isEmpty ? .remove : .keep }),
        SanitizerRule(
            "kernel", "message-time", "The time of a kernel message becomes [ 00.00].",
            .rewrite([
                [
                    .lineStart, .text("["), .mask(.space, 0...6, " "), .mask(.digit, 1...9, "00"), .text("."),
                    .mask(.digit, 1...9, "00"), .text("] "),
                ]
            ])),
        SanitizerRule(
            "kernel", "benign-message", "Kernel messages about its clocks and its random numbers are dropped.",
            .remove([
                [.lineStart, .text("[ 00.00] perf: interrupt took too long")],
                [.lineStart, .text("[ 00.00] random: crng init done")],
                [.lineStart, .text("[ 00.00] clocksource: ")],
            ])),
    ]

    /// - Parameter host: whose prompt it is; nil takes any host's.
    static func prompt(host: String?) -> [SanitizerRule] {
        let host = host.map { Array($0.utf8) }
        return [
            SanitizerRule(
                "prompt", "cut", "Everything from a line with ==== cut ==== to the next with ==== tuc ==== is dropped.",
                .console { lines, log in
                    removeBetween("==== cut ====", "==== tuc ====", &lines, &log)
                }),
            SanitizerRule(
                "prompt", "post-mortem", "What the runner's own post-mortem wrote is dropped.",
                .console { lines, log in
                    removeBetween(
                        ">>>>>>>>>> post-mortem >>>>>>>>>>", "<<<<<<<<<< post-mortem <<<<<<<<<<", &lines, &log)
                }),
            SanitizerRule(
                "prompt", "end", "Everything behind a line with : ==== end ==== is dropped.",
                .console { lines, log in
                    let mark = Array(": ==== end ====".utf8)
                    guard let end = lines.firstIndex(where: { $0.octets.position(of: mark) != nil }) else { return }
                    for line in lines[(end + 1)...] { log.note(line, becomes: nil) }
                    lines.removeSubrange((end + 1)...)
                }),
            SanitizerRule(
                "prompt", "split", "[root@west test]# command becomes west # and, on a line of its own, the command.",
                .console { lines, log in
                    splitPrompts(of: host, &lines, &log)
                    assignRoles(&lines)
                }),
        ]
    }

    /// Drops from each line with `first` to the next with `last`, both included. Where no `last` follows nothing is
    /// dropped: a missing mark must not hide the rest of a console.
    private static func removeBetween(
        _ first: String, _ last: String, _ lines: inout [ConsoleLine], _ log: inout SanitizerLog
    ) {
        let first = Array(first.utf8)
        let last = Array(last.utf8)
        guard lines.contains(where: { $0.octets.position(of: first) != nil }) else { return }
        var kept: [ConsoleLine] = []
        var index = lines.startIndex
        while index < lines.endIndex {
            if lines[index].octets.position(of: first) != nil,
                let end = lines[(index + 1)...].firstIndex(where: { $0.octets.position(of: last) != nil })
            {
                for line in lines[index...end] { log.note(line, becomes: nil) }
                index = end + 1
            } else {
                kept.append(lines[index])
                index += 1
            }
        }
        lines = kept
    }

    private static func splitPrompts(
        of host: [UInt8]?, _ lines: inout [ConsoleLine], _ log: inout SanitizerLog
    ) {
        var split: [ConsoleLine] = []
        split.reserveCapacity(lines.count * 2)
        for line in lines {
            guard let prompt = RawPrompt(in: line, host: host) else {
                split.append(line)
                continue
            }
            var parts: [[UInt8]] = []
            // Output that did not end its last line stands before the prompt.
            if prompt.start > 0 { parts.append(Array(line.octets[..<prompt.start])) }
            parts.append(prompt.host + Array(" #".utf8))
            if prompt.end < line.octets.count { parts.append(Array(" ".utf8) + line.octets[prompt.end...]) }
            log.note(line, becomesLines: parts)
            split += parts.map { ConsoleLine($0, number: line.number) }
        }
        lines = split
    }

    /// Says of every line what it is and whose output: from here on rules may look at commands.
    ///
    /// A prompt is a word and ` #`: of any word, since helper scripts print prompts of their own (`begin #`).
    private static func assignRoles(_ lines: inout [ConsoleLine]) {
        var command = CommandKinds()
        var afterPrompt = true
        for index in lines.indices {
            if lines[index].isPrompt {
                lines[index].role = .prompt
                command = []
                afterPrompt = true
                continue
            }
            if afterPrompt && (index == 0 || lines[index].octets.first == UInt8(ascii: " ")) {
                lines[index].role = .command
                command = CommandKinds(command: lines[index].octets)
            } else {
                lines[index].role = .output
            }
            lines[index].command = command
            afterPrompt = false
        }
    }
}

extension ConsoleLine {
    /// `west #`.
    var isPrompt: Bool {
        octets.count > 2 && octets[octets.count - 1] == UInt8(ascii: "#") && octets[octets.count - 2] == 0x20
            && octets.dropLast(2).allSatisfy { OctetClass.word.contains($0) || $0 == UInt8(ascii: "-") }
    }
}

/// A prompt as the runner writes it: `[root@west test]# `.
private struct RawPrompt {
    let host: [UInt8]
    /// Where it begins in the line, and where the command behind it does.
    let start: Int, end: Int

    private static let opening = Array("[root@".utf8)
    private static let closing = Array("]#".utf8)
    private static let signature = LineSignature(opening)

    init?(in line: ConsoleLine, host wanted: [UInt8]?) {
        guard line.signature.covers(RawPrompt.signature), let start = line.octets.position(of: RawPrompt.opening)
        else { return nil }
        let octets = line.octets
        let nameStart = start + RawPrompt.opening.count
        guard let nameEnd = octets[nameStart...].firstIndex(where: { $0 == 0x20 || $0 == UInt8(ascii: "]") }),
            let close = octets.position(of: RawPrompt.closing, from: nameEnd)
        else { return nil }
        host = Array(octets[nameStart..<nameEnd])
        guard !host.isEmpty, wanted == nil || wanted == host else { return nil }
        self.start = start
        let end = close + RawPrompt.closing.count
        self.end = end < octets.count && octets[end] == 0x20 ? end + 1 : end
    }
}
