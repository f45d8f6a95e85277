import Glibc
import LinuxSystem
package import UserMode

/// What user-mode Linux can do on this machine, found by booting it.
package enum GuestExamination {
    /// Boots a guest, has it try every feature, and switches it off.
    /// - Returns: what the guest's kernel said to each feature, nil where it works; the time from asking for the guest
    ///   until it was ready.
    /// - Throws: what this machine refused; ETIMEDOUT with the kernel's last words where it does not come up.
    package static func run(
        _ package: UserModePackage
    ) throws -> (refusals: [MachineFeature: String?], boot: Duration) {
        var name = Array("/tmp/swantest-guest-XXXXXX".utf8CString)
        guard mkdtemp(&name) != nil else { throw SystemError.last("mkdtemp", "/tmp") }
        let workspace = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { rmdir(workspace) }
        let guest = try Guest(package, Guest.Options(workspace: workspace))
        defer { try? guest.sandbox.end() }
        var refusals: [MachineFeature: String?] = [:]
        var boot: Duration = .zero
        var text: [UInt8] = []
        let deadline = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < deadline {
            var poller = pollfd(fd: guest.channel.rawValue, events: Int16(POLLIN), revents: 0)
            guard poll(&poller, 1, 1000) > 0 else { continue }
            let bytes = try guest.channel.read(upTo: 4096)
            if bytes.isEmpty { break }
            text += bytes
            while let newline = text.firstIndex(of: 0x0a) {
                let words = String(decoding: text[..<newline], as: UTF8.self).split(separator: " ", maxSplits: 2)
                text.removeSubrange(...newline)
                if words.first == "ready" {
                    boot = guest.started.duration(to: .now)
                    try guest.channel.write("examine\n")
                } else if words.first == "feature", words.count > 1,
                    let feature = MachineFeature(rawValue: String(words[1]))
                {
                    refusals[feature] = .some(words.count > 2 ? String(words[2]) : nil)
                } else if words.first == "done" {
                    return (refusals, boot)
                }
            }
        }
        try guest.sandbox.end()
        let console = (try? guest.console.readToEnd()) ?? []
        throw GuestFailure(description: "user-mode Linux did not come up" + GuestPool.lastWords(console))
    }
}

/// A guest that could not be used.
package struct GuestFailure: Error, CustomStringConvertible {
    package let description: String
}
