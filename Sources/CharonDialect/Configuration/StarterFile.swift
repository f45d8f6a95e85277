import DialectKit

/// strongSwan's ipsec.conf as text: sections with their assignments.
package struct StarterFile {
    package struct Assignment: Hashable, Sendable {
        package var key: String
        package var value: String
        package var file: String
        package var line: Int
    }

    package struct Section: Hashable, Sendable {
        /// `config`, `conn`, `ca`.
        package var kind: String
        package var name: String
        package var assignments: [Assignment] = []
    }

    package private(set) var sections: [Section] = []

    /// Files that include each other.
    private static let greatestDepth = 16

    package init(parsing path: String, from source: ConfigurationSource) throws(ConfigurationError) {
        try read(path, source, depth: 0)
    }

    private mutating func read(_ path: String, _ source: ConfigurationSource, depth: Int) throws(ConfigurationError) {
        guard depth < StarterFile.greatestDepth else {
            throw ConfigurationError(
                file: path, line: 0, "includes are nested deeper than \(StarterFile.greatestDepth)")
        }
        let octets: [UInt8]
        do throws(FileFailure) { octets = try source.readFile(path) } catch {
            throw ConfigurationError(file: path, line: 0, "unable to open config file: \(error)")
        }
        let lines = String(decoding: octets, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        for (index, raw) in lines.enumerated() {
            let number = index + 1
            let isIndented = raw.first == " " || raw.first == "\t"
            let line = StarterFile.withoutComment(raw)
            guard !line.isEmpty else { continue }
            if !isIndented {
                try head(line, path, number, source, depth)
            } else {
                guard let equals = line.firstIndex(of: "=") else {
                    throw ConfigurationError(
                        file: path, line: number, "syntax error, unexpected end of line, expecting =")
                }
                guard !sections.isEmpty else {
                    throw ConfigurationError(file: path, line: number, "syntax error, a value outside of a section")
                }
                let key = line[..<equals].trimmed
                let value = try StarterFile.unquoted(line[line.index(after: equals)...].trimmed, path, number)
                sections[sections.count - 1].assignments.append(
                    Assignment(key: key, value: value, file: path, line: number))
            }
        }
    }

    private mutating func head(
        _ line: String, _ path: String, _ number: Int, _ source: ConfigurationSource, _ depth: Int
    ) throws(ConfigurationError) {
        let words = line.split { $0 == " " || $0 == "\t" }.map(String.init)
        switch (words.first ?? "", words.count) {
        case ("config", 2) where words[1] == "setup": sections.append(Section(kind: "config", name: "setup"))
        case ("conn", 2), ("ca", 2): sections.append(Section(kind: words[0], name: words[1]))
        // Old files begin with it.
        case ("version", 2): break
        case ("include", 2):
            let folder = path.split(separator: "/").dropLast().joined(separator: "/")
            let pattern = words[1].hasPrefix("/") ? words[1] : "/\(folder)/\(words[1])"
            for file in pattern.contains("*") ? source.glob(pattern) : [pattern] {
                try read(file, source, depth: depth + 1)
            }
        default: throw ConfigurationError(file: path, line: number, "syntax error, unexpected \(line)")
        }
    }

    private static func withoutComment(_ line: Substring) -> String {
        var isQuoted = false
        var end = line.endIndex
        for index in line.indices {
            if line[index] == "\"" { isQuoted.toggle() }
            let before = index == line.startIndex ? " " : line[line.index(before: index)]
            if line[index] == "#", !isQuoted, before == " " || before == "\t" {
                end = index
                break
            }
        }
        return line[..<end].trimmed
    }

    private static func unquoted(_ text: String, _ file: String, _ line: Int) throws(ConfigurationError) -> String {
        guard text.hasPrefix("\"") else { return text }
        guard text.count >= 2, text.hasSuffix("\"") else {
            throw ConfigurationError(file: file, line: line, "unterminated string detected")
        }
        return String(text.dropFirst().dropLast())
    }

    /// The assignments of a connection, the general ones first: `%default`, then what `also=` names, then its own.
    package func assignments(of name: String) throws(ConfigurationError) -> [Assignment] {
        let defaults = sections.filter { $0.kind == "conn" && $0.name == "%default" }.flatMap(\.assignments)
        var visited: Set<String> = []
        return defaults + (try inherited(name, &visited))
    }

    private func inherited(_ name: String, _ visited: inout Set<String>) throws(ConfigurationError) -> [Assignment] {
        guard visited.insert(name).inserted else { return [] }
        var result: [Assignment] = []
        let own = sections.filter { $0.kind == "conn" && $0.name == name }.flatMap(\.assignments)
        for also in own where also.key == "also" {
            guard sections.contains(where: { $0.kind == "conn" && $0.name == also.value }) else {
                throw ConfigurationError(
                    file: also.file, line: also.line, "section '\(also.value)' referenced by 'also=' not found")
            }
            result += try inherited(also.value, &visited)
        }
        return result + own.filter { $0.key != "also" }
    }

    /// In the order of the file, each once.
    package var connectionNames: [String] {
        var names: [String] = []
        for section in sections where section.kind == "conn" && section.name != "%default" {
            if !names.contains(section.name) { names.append(section.name) }
        }
        return names
    }
}

extension StringProtocol {
    /// Without spaces and tabs around it.
    var trimmed: String {
        var text = self[...]
        while let first = text.first, first == " " || first == "\t" || first == "\r" { text = text.dropFirst() }
        while let last = text.last, last == " " || last == "\t" || last == "\r" { text = text.dropLast() }
        return String(text)
    }
}
