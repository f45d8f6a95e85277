import Yams

/// What is wrong with a text that should be YAML, for a message with file and line.
package struct YAMLFault {
    /// From 1; nil where the reader does not say.
    package let line: Int?
    /// `not YAML: mapping values are not allowed in this context`, `keys given twice: links`.
    package let message: String

    /// From what `Yams.compose` throws.
    package init(_ error: any Error) {
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            line = mark.line
            message = "not YAML: \(problem)"
        case .duplicatedKeysInMapping(let duplicates, let context):
            line = context.mark.line
            message = "keys given twice: \(duplicates.joined(separator: ", "))"
        default:
            line = nil
            message = "not YAML: \(error)"
        }
    }
}
