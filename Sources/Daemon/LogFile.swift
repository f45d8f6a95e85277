import Glibc
package import LinuxSystem

/// The daemon's log: lines of printable ASCII, each in the file when `line` returns, or, between `gather` and `settle`, when that
/// does.
package final class LogFile {
    /// Lines kept while no file is known.
    private static let heldLineLimit = 1000

    private var file: FileDescriptor?
    private var held: [String] = []
    private let fallback: FileDescriptor?
    private var gatherings = 0
    private var gathered: [UInt8] = []
    /// Octets that are gathered at most.
    private static let gatheredLimit = 1 << 16

    /// - Parameter fallback: takes the lines until a file is opened; nil: they are held for that file.
    package init(fallback: FileDescriptor? = nil) { self.fallback = fallback }

    /// Writes to this file from here on, first of all what was held.
    package func open(_ path: String, append: Bool) throws(SystemError) {
        write()
        file = try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_APPEND | (append ? 0 : O_TRUNC), mode: 0o644)
        let lines = held
        held = []
        for text in lines { line(text) }
    }

    /// One line, given without its newline. Any octet that is not printable ASCII is written as `\ooo`, in octal.
    package func line(_ text: String) {
        guard file != nil || fallback != nil else {
            if held.count < LogFile.heldLineLimit { held.append(text) }
            return
        }
        LogFile.escape(text, into: &gathered)
        gathered.append(UInt8(ascii: "\n"))
        if gatherings == 0 || gathered.count >= LogFile.gatheredLimit { write() }
    }

    /// From here on lines go to the file together, until the `settle` of each `gather`: one message brings about several, and each
    /// write is a system call.
    package func gather() { gatherings += 1 }

    /// What was gathered is in the file when the outermost returns.
    package func settle() {
        gatherings -= 1
        if gatherings == 0 { write() }
    }

    /// Writes what was gathered so far.
    package func write() {
        guard !gathered.isEmpty, let target = file ?? fallback else { return }
        // A full disk costs the lines and nothing else: there is nowhere to say so.
        do { try target.write(gathered) } catch {}
        gathered.removeAll(keepingCapacity: true)
    }

    package static func escape(_ text: String) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.utf8.count)
        escape(text, into: &result)
        return result
    }

    /// Any octet that is not printable ASCII is written as `\ooo`, in octal.
    private static func escape(_ text: String, into result: inout [UInt8]) {
        func isPlain(_ octet: UInt8) -> Bool { octet &- 0x20 <= 0x7e - 0x20 }
        var text = text
        let isWhole = text.withUTF8 { octets in
            var others: UInt8 = 0
            // Without a way out, so that many are looked at together.
            for octet in octets { others |= isPlain(octet) ? 0 : 1 }
            if others == 0 { result.append(contentsOf: octets) }
            return others == 0
        }
        if isWhole { return }
        for octet in text.utf8 {
            if isPlain(octet) {
                result.append(octet)
            } else {
                result.append(UInt8(ascii: "\\"))
                for shift in [6, 3, 0] as [UInt8] { result.append(UInt8(ascii: "0") + (octet >> shift & 7)) }
            }
        }
    }
}
