/// A mistake in ipsec.conf or ipsec.secrets: where it stands and what is wrong.
package struct ConfigurationError: Error, Hashable, CustomStringConvertible {
    package var file: String
    /// From 1; 0 where the mistake is the file itself.
    package var line: Int
    package var message: String

    package init(file: String, line: Int, _ message: String) {
        self.file = file
        self.line = line
        self.message = message
    }

    /// `/etc/ipsec.conf:22: unrecognized conn keyword 'foo'`.
    package var description: String { line > 0 ? "\(file):\(line): \(message)" : "\(file): \(message)" }
}
