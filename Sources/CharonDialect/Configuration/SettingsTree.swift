import DialectKit

/// strongSwan's nested configuration (strongswan.conf, swanctl.conf): sections within sections, `name : other.section { }`
/// for what one takes over from another, `include`.
package final class SettingsTree {
    package struct Value: Hashable, Sendable {
        package var text: String
        package var file: String
        package var line: Int
    }

    package private(set) var values: [(key: String, value: Value)] = []
    package private(set) var sections: [(name: String, section: SettingsTree)] = []
    /// Paths of what it takes over.
    private var parents: [String] = []

    package init() {}

    private static let greatestDepth = 32

    package convenience init(parsing path: String, from source: ConfigurationSource) throws(ConfigurationError) {
        self.init()
        var tokens = SettingsTokens()
        try tokens.read(path, source, depth: 0)
        try fill(&tokens, depth: 0)
        inherit(from: self, depth: 0)
    }

    private func fill(_ tokens: inout SettingsTokens, depth: Int) throws(ConfigurationError) {
        while let token = tokens.next() {
            switch token.kind {
            case .close:
                if depth == 0 { throw token.error("syntax error, unexpected }") }
                return
            case .open, .colon, .equals, .comma: throw token.error("syntax error, unexpected \(token.text)")
            case .newline: continue
            case .word: break
            }
            guard depth < SettingsTree.greatestDepth else { throw token.error("sections are nested too deep") }
            var parents: [String] = []
            var next = tokens.nextVisible()
            if next?.kind == .colon {
                repeat {
                    guard let name = tokens.nextVisible(), name.kind == .word else {
                        throw token.error("syntax error, a section's name is missing behind :")
                    }
                    parents.append(name.text)
                    next = tokens.nextVisible()
                } while next?.kind == .comma
            }
            switch next?.kind {
            case .equals:
                let text = tokens.value()
                set(token.text, Value(text: text, file: token.file, line: token.line))
            case .open:
                let child = section(named: token.text) ?? add(token.text)
                child.parents += parents
                try child.fill(&tokens, depth: depth + 1)
            default: throw token.error("syntax error, unexpected \(next?.text ?? "end of file"), expecting { or =")
            }
        }
        if depth > 0 { throw tokens.end.error("syntax error, unexpected end of file, expecting }") }
    }

    private func set(_ key: String, _ value: Value) {
        values.removeAll { $0.key == key }
        values.append((key, value))
    }

    private func add(_ name: String) -> SettingsTree {
        let child = SettingsTree()
        sections.append((name, child))
        return child
    }

    /// What a section does not say itself it takes from those that it names.
    private func inherit(from root: SettingsTree, depth: Int) {
        guard depth < SettingsTree.greatestDepth else { return }
        let names = parents
        parents = []
        for name in names {
            guard let other = root.section(at: name), other !== self else { continue }
            other.inherit(from: root, depth: depth + 1)
            takeOver(other, depth: depth)
        }
        for (_, child) in sections { child.inherit(from: root, depth: depth + 1) }
    }

    private func takeOver(_ other: SettingsTree, depth: Int) {
        guard depth < SettingsTree.greatestDepth else { return }
        for (key, value) in other.values where self.value(key) == nil { values.append((key, value)) }
        for (name, theirs) in other.sections where theirs !== self {
            (section(named: name) ?? add(name)).takeOver(theirs, depth: depth + 1)
        }
    }

    // MARK: Looking

    package func value(_ key: String) -> Value? { values.first { $0.key == key }?.value }
    package func text(_ key: String) -> String? { value(key)?.text }
    package func section(named name: String) -> SettingsTree? { sections.first { $0.name == name }?.section }

    /// `connections.gw.children.net`.
    package func section(at path: String) -> SettingsTree? {
        var here = self
        for part in path.split(separator: ".") {
            guard let next = here.section(named: String(part)) else { return nil }
            here = next
        }
        return here
    }
}

/// The words of such a file, those of included ones in their place.
private struct SettingsTokens {
    enum Kind { case word, open, close, colon, equals, comma, newline }

    struct Token {
        var kind: Kind
        var text: String
        var file: String
        var line: Int

        func error(_ reason: String) -> ConfigurationError { ConfigurationError(file: file, line: line, reason) }
    }

    private var tokens: [Token] = []
    private var index = 0
    var end: Token { tokens.last ?? Token(kind: .newline, text: "", file: "", line: 0) }

    mutating func next() -> Token? {
        guard index < tokens.count else { return nil }
        index += 1
        return tokens[index - 1]
    }

    mutating func nextVisible() -> Token? {
        while let token = next() { if token.kind != .newline { return token } }
        return nil
    }

    /// What stands behind `=` up to the end of the line.
    mutating func value() -> String {
        var words: [String] = []
        while index < tokens.count, tokens[index].kind != .newline, tokens[index].kind != .close {
            words.append(tokens[index].text)
            index += 1
        }
        var text = ""
        for word in words {
            text += text.isEmpty || word == "," || text.hasSuffix(",") || word == ":" ? word : " " + word
        }
        return text
    }

    mutating func read(_ path: String, _ source: ConfigurationSource, depth: Int) throws(ConfigurationError) {
        guard depth < 16 else { throw ConfigurationError(file: path, line: 0, "includes are nested too deep") }
        let octets: [UInt8]
        do throws(FileFailure) { octets = try source.readFile(path) } catch {
            throw ConfigurationError(file: path, line: 0, "failed to open config file: \(error)")
        }
        var line = 1
        var rest = Array(String(decoding: octets, as: UTF8.self))[...]
        func token(_ kind: Kind, _ text: String) -> Token { Token(kind: kind, text: text, file: path, line: line) }
        while let character = rest.first {
            switch character {
            case "\n", "\r\n":
                tokens.append(token(.newline, ""))
                line += 1
                rest.removeFirst()
            case " ", "\t", "\r": rest.removeFirst()
            case "#": while let next = rest.first, next != "\n", next != "\r\n" { rest.removeFirst() }
            case "{", "}", "=", ",":
                tokens.append(
                    token(
                        character == "{" ? .open : character == "}" ? .close : character == "=" ? .equals : .comma,
                        String(character)))
                rest.removeFirst()
            case ":" where rest.dropFirst().first.map { $0 == " " || $0 == "\t" } ?? true:
                tokens.append(token(.colon, ":"))
                rest.removeFirst()
            case "\"":
                rest.removeFirst()
                var text = ""
                while let next = rest.first, next != "\"" {
                    if next == "\n" { line += 1 }
                    text.append(next)
                    rest.removeFirst()
                }
                guard !rest.isEmpty else {
                    throw ConfigurationError(file: path, line: line, "unterminated string detected")
                }
                rest.removeFirst()
                tokens.append(token(.word, text))
            default:
                // Carriage return last: before a line feed it would be one character with it.
                let word = rest.prefix { !" \t\n\r#{}=,\"".contains($0) && $0 != "\r\n" }
                rest = rest.dropFirst(word.count)
                let isFirst = tokens.last.map { $0.kind == .newline || $0.kind == .close || $0.kind == .open } ?? true
                if String(word) == "include", isFirst {
                    let pattern = rest.prefix { $0 != "\n" && $0 != "\r\n" }
                    rest = rest.dropFirst(pattern.count)
                    let named = String(pattern).trimmed
                    let folder = path.split(separator: "/").dropLast().joined(separator: "/")
                    let full = named.hasPrefix("/") ? named : "/\(folder)/\(named)"
                    for file in full.contains("*") ? source.glob(full) : [full] {
                        try read(file, source, depth: depth + 1)
                    }
                } else {
                    tokens.append(token(.word, String(word)))
                }
            }
        }
        tokens.append(token(.newline, ""))
    }
}
