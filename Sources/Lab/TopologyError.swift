/// A mistake in a topology file.
package struct TopologyError: Error, Equatable, Sendable {
    package let file: String
    /// Counted from 1; nil where no line is to blame.
    package let line: Int?
    /// What was found, and what was expected or how to mend it.
    package let message: String

    package init(file: String, line: Int?, message: String) {
        self.file = file
        self.line = line
        self.message = message
    }
}

extension TopologyError: CustomStringConvertible {
    /// `testing/topologies/x.yaml:12: unknown key "adress"; expected one of addresses, link, mac, mtu`.
    package var description: String { "\(file)\(line.map { ":\($0)" } ?? ""): \(message)" }
}
