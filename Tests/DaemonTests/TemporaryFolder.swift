import Glibc
import LinuxSystem

/// A folder of one test, gone with the last reference. Its path is short, as a local socket's has to be (107 octets).
final class TemporaryFolder {
    let path: String

    init() throws {
        var template = Array("/tmp/swand-test.XXXXXX\0".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError.last("mkdtemp") }
        path = String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { try? FileSystem.removeTree(path) }
}

extension EventLoop {
    /// Turns until the condition holds; false after a minute.
    func turn(until condition: () throws -> Bool) throws -> Bool {
        let deadline = MonotonicClock.now + .seconds(60)
        while try !condition() {
            if MonotonicClock.now > deadline { return false }
            try turn(waitingAtMost: .milliseconds(10))
        }
        return true
    }

    /// Turns for so long, whatever happens.
    func turn(for duration: Duration) throws {
        let deadline = MonotonicClock.now + duration
        while case let left = deadline - MonotonicClock.now, left > .zero { try turn(waitingAtMost: left) }
    }
}
