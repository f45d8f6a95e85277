package import DialectKit

/// Where configuration is read from.
package struct ConfigurationSource {
    package var readFile: FileReader
    package var glob: (String) -> [String]

    package init(readFile: @escaping FileReader, glob: @escaping (String) -> [String]) {
        self.readFile = readFile
        self.glob = glob
    }
}

/// What is wrong with a configuration: the file, the line, and why.
package struct ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    package var file: String
    /// 0: the file as a whole.
    package var line: Int
    package var reason: String

    package init(file: String, line: Int, _ reason: String) {
        self.file = file
        self.line = line
        self.reason = reason
    }

    package var description: String { line == 0 ? "\(file): \(reason)" : "\(file):\(line): \(reason)" }
}

/// Values that both kinds of configuration have.
enum ValueSyntax {
    static func boolean(_ text: String) -> Bool? {
        switch text.lowercased() {
        case "yes", "true", "enabled", "1": true
        case "no", "false", "disabled", "0": false
        default: nil
        }
    }

    /// `3h`, `9m`, `30s`, `1d`, `10200`.
    static func duration(_ text: String) -> Duration? {
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86400]
        let factor = text.last.flatMap { units[$0] }
        guard let number = Int64(factor == nil ? text[...] : text.dropLast()), number >= 0, number < 1 << 40 else {
            return nil
        }
        return .seconds(number * (factor ?? 1))
    }

    /// `100%`: 100.
    static func percent(_ text: String) -> Int? {
        guard text.hasSuffix("%"), let number = Int(text.dropLast()), (0...1000).contains(number) else { return nil }
        return number
    }

    static func list(_ text: String) -> [String] {
        text.split { $0 == "," || $0 == " " || $0 == "\t" }.map(String.init)
    }
}
