import FoundationEssentials

/// Results as JSON: pretty and sorted in `result.json`, one line each between a sandbox and its parent.
extension ScenarioResult {
    /// `result.json`, with a newline at its end.
    package func json() -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return encoded(with: encoder)
    }

    /// One line, without the newline.
    package func line() -> [UInt8] { encoded(with: JSONEncoder()).dropLast() }

    /// - Throws: `DecodingError` with what was expected and found.
    package init(json: [UInt8]) throws { self = try JSONDecoder().decode(Self.self, from: Data(json)) }

    private func encoded(with encoder: JSONEncoder) -> [UInt8] {
        // Strings and numbers alone: nothing in a result can fail to encode, but a number that is not finite.
        do { return Array(try encoder.encode(self)) + [0x0a] } catch { preconditionFailure("result: \(error)") }
    }
}
