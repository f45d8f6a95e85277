import Glibc
package import LinuxSystem

/// What a daemon that starts tells the program that started it, through a pipe; once.
package enum Readiness: Hashable, Sendable {
    /// It hears IKE and takes clients.
    case ready
    /// Another daemon has this process file.
    case alreadyRunning(processFile: String)
    case failed(String)

    package func tell(_ pipe: FileDescriptor) {
        // Where nobody waits any more, nobody needs to know.
        do { try pipe.write(text) } catch {}
        pipe.close()
    }

    /// Waits for the word of a daemon; one that dies before it spoke, or says nothing for so long, has failed.
    package static func hear(_ pipe: FileDescriptor, atMost limit: Duration = .seconds(30)) -> Readiness {
        let deadline = MonotonicClock.now + limit
        var text: [UInt8] = []
        while true {
            let left = Int32(clamping: max((deadline - MonotonicClock.now).milliseconds, 0))
            var wanted = pollfd(fd: pipe.rawValue, events: Int16(POLLIN), revents: 0)
            let count = poll(&wanted, 1, left)
            if count == 0 { return .failed("the daemon was not ready after \(limit)") }
            if count < 0 && errno == EINTR { continue }
            do {
                let part = try pipe.read(upTo: 4096)
                if part.isEmpty { return Readiness(text: String(decoding: text, as: UTF8.self)) }
                text += part
            } catch {
                return .failed("\(error)")
            }
        }
    }

    var text: String {
        switch self {
        case .ready: "ready"
        case .alreadyRunning(let processFile): "running \(processFile)"
        case .failed(let reason): "failed \(reason)"
        }
    }

    init(text: String) {
        let parts = text.split(separator: " ", maxSplits: 1).map(String.init)
        switch (parts.first, parts.count) {
        case ("ready", 1): self = .ready
        case ("running", 2): self = .alreadyRunning(processFile: parts[1])
        case ("failed", 2): self = .failed(parts[1])
        default: self = .failed("the daemon died before it was ready")
        }
    }
}
