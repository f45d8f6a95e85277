/// What is wrong with a scenario's folder, so that whoever wrote it can mend it.
package struct ScenarioError: Error, Hashable, Sendable {
    /// The file at fault, as a path; a folder where a file is missing from it.
    package let file: String
    /// The line at fault, from 1; nil where the whole file is.
    package let line: Int?
    /// What came, and what was expected.
    package let message: String
    /// What to do about it.
    package let remedy: String

    package init(file: String, line: Int? = nil, _ message: String, remedy: String) {
        self.file = file
        self.line = line
        self.message = message
        self.remedy = remedy
    }
}

extension ScenarioError: CustomStringConvertible {
    /// `testing/x/scenario.yaml:3: unknown key "topolgy"; expected one of …`
    package var description: String {
        "\(file)\(line.map { ":\($0)" } ?? ""): \(message); \(remedy)"
    }
}
