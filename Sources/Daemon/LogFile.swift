import Glibc
package import LinuxSystem

/// The daemon's log: lines of printable ASCII, each in the file when `line` returns.
package final class LogFile {
    /// Lines kept while no file is known.
    private static let heldLineLimit = 1000

    private var file: FileDescriptor?
    private var held: [String] = []
    private let fallback: FileDescriptor?

    /// - Parameter fallback: takes the lines until a file is opened; nil: they are held for that file.
    package init(fallback: FileDescriptor? = nil) { self.fallback = fallback }

    /// Writes to this file from here on, first of all what was held.
    package func open(_ path: String, append: Bool) throws(SystemError) {
        file = try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_APPEND | (append ? 0 : O_TRUNC), mode: 0o644)
        let lines = held
        held = []
        for text in lines { line(text) }
    }

    /// One line, given without its newline. Any octet that is not printable ASCII is written as `\ooo`, in octal.
    package func line(_ text: String) {
        guard let target = file ?? fallback else {
            if held.count < LogFile.heldLineLimit { held.append(text) }
            return
        }
        // A full disk costs the line and nothing else: there is nowhere to say so.
        do { try target.write(LogFile.escape(text) + [UInt8(ascii: "\n")]) } catch {}
    }

    package static func escape(_ text: String) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.utf8.count + 1)
        for octet in text.utf8 {
            if (0x20...0x7e).contains(octet) {
                result.append(octet)
            } else {
                result.append(UInt8(ascii: "\\"))
                for shift in [6, 3, 0] as [UInt8] { result.append(UInt8(ascii: "0") + (octet >> shift & 7)) }
            }
        }
        return result
    }
}
