/// The console of one host as the runner writes it: the first command, its output, and from then on a prompt, a command,
/// its output … There is no terminal that would echo, so the prompt and the command are written here.
package struct RawConsole: Sendable {
    package let host: String
    /// `[root@west test]# `.
    package let prompt: String
    package private(set) var octets: [UInt8] = []

    /// - Parameter folder: the last part of the working folder's path, as a shell's prompt shows it.
    package init(host: String, folder: String) {
        self.host = host
        prompt = "[root@\(host) \(folder)]# "
    }

    /// Writes a command or a comment, behind the prompt that the output before it left. The first stands alone.
    package mutating func append(command: String) {
        octets += command.utf8
        octets.append(UInt8(ascii: "\n"))
    }

    package mutating func append(output: some Sequence<UInt8>) { octets += output }

    /// Writes the prompt that says that the command is done.
    package mutating func appendPrompt() { octets += prompt.utf8 }
}
