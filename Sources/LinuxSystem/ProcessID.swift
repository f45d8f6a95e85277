import Glibc

/// A child process of this one, by its number.
package struct ProcessID: Hashable, Sendable {
    package let rawValue: Int32

    package init(_ rawValue: Int32) { self.rawValue = rawValue }

    /// How a process ended.
    package enum Status: Hashable, Sendable {
        case exited(Int32)
        case signaled(Int32)

        /// From what waitpid(2) stores.
        init(waitStatus: Int32) {
            let signal = waitStatus & 0x7f
            self = signal == 0 ? .exited(waitStatus >> 8 & 0xff) : .signaled(signal)
        }

        /// As a shell gives it: 0...255, or 128 and the signal.
        package var shellCode: Int32 {
            switch self {
            case .exited(let code): code
            case .signaled(let signal): 128 + signal
            }
        }

        package var isSuccess: Bool { self == .exited(0) }
    }

    /// Waits until it ends.
    /// - Throws: ECHILD where it is not our child, or was waited for before.
    @discardableResult
    package func wait() throws(SystemError) -> Status {
        var status: Int32 = 0
        try retrying("waitpid", "\(rawValue)") { Int(waitpid(rawValue, &status, 0)) }
        return Status(waitStatus: status)
    }

    /// How it ended; nil while it runs.
    package func statusIfEnded() throws(SystemError) -> Status? {
        var status: Int32 = 0
        let got = try retrying("waitpid", "\(rawValue)") { Int(waitpid(rawValue, &status, WNOHANG)) }
        return got == 0 ? nil : Status(waitStatus: status)
    }

    package func send(signal: Int32) throws(SystemError) { try checked(kill(rawValue, signal), "kill", "\(rawValue)") }
}
