import LineGrammars

/// Names of notifications that a vendor's log has of its own.
enum NotifyWords {
    static let cisco = Dictionary(
        CiscoWords.notifies.map { ($0.value, $0.key) }, uniquingKeysWith: { first, _ in first })
}
