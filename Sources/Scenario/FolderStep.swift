/// One line of a scenario's scripts: what is typed on one host before the next line is.
package struct ScenarioStep: Hashable, Sendable {
    package enum Action: Hashable, Sendable {
        /// Run by the host's shell.
        case command(String)
        /// Written on the console like a command, with its `#`, and not run.
        case comment(String)
    }

    package let host: String
    /// The name of the script in the folder; of a replayed console's step, the script that it once came from.
    package let script: String
    /// The line in the script, or in the console that the step is replayed from; from 1.
    package let line: Int
    package let action: Action

    /// - Parameter text: the line, without blanks around it and not empty.
    package init(host: String, script: String, line: Int, text: String) {
        self.host = host
        self.script = script
        self.line = line
        action = text.hasPrefix("#") ? .comment(text) : .command(text)
    }

    /// The line as the console shows it.
    package var text: String {
        switch action {
        case .command(let text), .comment(let text): text
        }
    }

    package var isComment: Bool {
        if case .comment = action { true } else { false }
    }
}
