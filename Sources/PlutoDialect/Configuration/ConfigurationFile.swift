import DialectKit

/// One `key=value` of a section, with its place.
package struct Assignment: Hashable, Sendable {
    /// In lower case.
    package var key: String
    /// Without the quotes around it.
    package var value: String
    package var file: String
    package var line: Int

    package init(key: String, value: String, file: String, line: Int) {
        self.key = key
        self.value = value
        self.file = file
        self.line = line
    }

    func error(_ message: String) -> ConfigurationError { ConfigurationError(file: file, line: line, message) }
}

/// `conn NAME` and what stands below it.
package struct ConnectionSection: Hashable, Sendable {
    package var name: String
    package var assignments: [Assignment] = []
    package var file: String
    package var line: Int
}

/// An ipsec.conf with all that it includes, as text: sections and their assignments, nothing interpreted yet.
///
/// A section's header starts in the first column (`version`, `config setup`, `conn NAME`, `include PATTERN`); the lines
/// that belong to it are indented. `#` starts a comment at the beginning of a line or behind white space.
package struct ConfigurationFile: Hashable, Sendable {
    package private(set) var setup: [Assignment] = []
    /// In the order of their first appearance; `%default` among them.
    package private(set) var connections: [ConnectionSection] = []

    /// Files within files; more than this is taken for a loop.
    private static let includeDepthLimit = 16
    /// Octets of one file; an ipsec.conf of a thousand connections has 0.3 million.
    private static let fileOctetLimit = 8 << 20
    /// Files in all: a pattern that matches a whole disk ends here.
    private static let fileCountLimit = 4096

    /// - Throws: the first mistake, with file and line.
    package init(parsing path: String, from source: ConfigurationSource) throws(ConfigurationError) {
        var parser = Parser(source: source)
        let octets: [UInt8]
        do throws(FileFailure) { octets = try source.readFile(path) } catch {
            throw ConfigurationError(file: path, line: 0, "can't load file '\(path)': \(error)")
        }
        try parser.parse(octets, path: path, depth: 0)
        setup = parser.setup
        connections = parser.connections
    }

    package func section(_ name: String) -> ConnectionSection? { connections.first { $0.name == name } }

    private struct Parser {
        var source: ConfigurationSource
        var setup: [Assignment] = []
        var connections: [ConnectionSection] = []
        var indexOfConnection: [String: Int] = [:]
        var fileCount = 0

        enum Section {
            case none, setup
            case connection(Int)
        }

        mutating func parse(_ octets: [UInt8], path: String, depth: Int) throws(ConfigurationError) {
            fileCount += 1
            guard depth < ConfigurationFile.includeDepthLimit, fileCount <= ConfigurationFile.fileCountLimit else {
                throw ConfigurationError(file: path, line: 0, "too many nested includes; does the file include itself?")
            }
            guard octets.count <= ConfigurationFile.fileOctetLimit else {
                throw ConfigurationError(file: path, line: 0, "larger than \(ConfigurationFile.fileOctetLimit) octets")
            }
            var section = Section.none
            var number = 0
            for raw in octets.split(separator: 0x0a, omittingEmptySubsequences: false) {
                number += 1
                let line = try ConfigurationLine(raw, file: path, number: number)
                switch line {
                case .blank: break
                case .assignment(let key, let value):
                    let assignment = Assignment(key: key, value: value, file: path, line: number)
                    switch section {
                    case .none:
                        throw assignment.error("syntax error, unexpected keyword '\(key)' outside of a section")
                    case .setup: setup.append(assignment)
                    case .connection(let index): connections[index].assignments.append(assignment)
                    }
                case .version: section = .none
                case .setup: section = .setup
                case .connection(let name):
                    if let index = indexOfConnection[name] {
                        section = .connection(index)
                    } else {
                        indexOfConnection[name] = connections.count
                        section = .connection(connections.count)
                        connections.append(ConnectionSection(name: name, file: path, line: number))
                    }
                case .include(let pattern):
                    // What follows an include needs a section of its own: an included file ends the one before it.
                    section = .none
                    for file in source.included(pattern, from: path) {
                        let text: [UInt8]
                        do throws(FileFailure) { text = try source.readFile(file) } catch {
                            throw ConfigurationError(file: path, line: number, "can't load file '\(file)': \(error)")
                        }
                        try parse(text, path: file, depth: depth + 1)
                    }
                }
            }
        }
    }
}
