/// A command of the configuration that is run as a process of its own when something has happened.
package struct ScriptRun: Hashable, Sendable {
    /// Those of one queue run one after another, in order.
    package var queue: UInt64
    /// A line for /bin/sh.
    package var command: String
    /// Beside the daemon's own.
    package var environment: [String: String]
    /// What its output is told under.
    package var label: String

    package init(queue: UInt64, command: String, environment: [String: String], label: String) {
        self.queue = queue
        self.command = command
        self.environment = environment
        self.label = label
    }
}

/// How a script ended.
package struct ScriptEnd: Hashable, Sendable {
    /// As a shell gives it: 0...255; 128 and the signal. nil: it was not started.
    package var status: Int32?
    /// It took too long, and was killed.
    package var isTimedOut: Bool
    /// What it printed, both ways, at most 16 KiB.
    package var output: [UInt8]

    package init(status: Int32?, isTimedOut: Bool = false, output: [UInt8] = []) {
        self.status = status
        self.isTimedOut = isTimedOut
        self.output = output
    }
}
