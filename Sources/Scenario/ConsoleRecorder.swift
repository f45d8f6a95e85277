import Glibc
import LinuxSystem
import Transcript

/// Writes a host's raw console to its file as it grows, so that it is there whatever ends the run.
final class ConsoleRecorder {
    private var console: RawConsole
    private let file: FileDescriptor
    private var written = 0

    init(host: String, folder: String, path: String) throws(SystemError) {
        console = RawConsole(host: host, folder: folder)
        file = try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC)
    }

    var octets: [UInt8] { console.octets }

    func append(command: String) throws(SystemError) {
        console.append(command: command)
        try flush()
    }

    func append(output: [UInt8]) throws(SystemError) {
        console.append(output: output)
        try flush()
    }

    func appendPrompt() throws(SystemError) {
        console.appendPrompt()
        try flush()
    }

    /// The prompt of this host, for the console of all hosts.
    var prompt: String { console.prompt }

    private func flush() throws(SystemError) {
        try file.write(console.octets[written...])
        written = console.octets.count
    }
}
