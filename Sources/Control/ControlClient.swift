import CLinux
import Glibc
import LinuxSystem

/// The client's side of the control socket: sends a request, copies what comes to standard output and error, and learns the
/// status with which to exit. Small on purpose: a shell starts one for each command.
package struct ControlClient {
    /// How a request ended.
    package enum Outcome: Equatable, Sendable {
        case finished(status: Int32)
        /// No daemon: the errno of connect (ENOENT: no socket, ECONNREFUSED: nobody behind it, EACCES).
        case notRunning(code: Int32)
        /// The daemon closed the connection, or ended, without a status.
        case lost
    }

    package let path: String

    package init(path: String) { self.path = path }

    /// Returns when the daemon says so; where the daemon ends with it, when its process is gone.
    /// - Parameters:
    ///   - arguments: a command as it was typed, the program's name first.
    ///   - write: takes octets for descriptor 1 or 2.
    package func run(
        _ arguments: [String], in workingDirectory: String,
        write: (Int32, ArraySlice<UInt8>) -> Void = ControlClient.copy
    ) -> Outcome {
        let socket: UnixSocket
        do { socket = try UnixSocket.connect(path) } catch { return .notRunning(code: error.code) }
        // Opened before the request, so that it means the process that serves it and no later one of the same number.
        let process = socket.peerProcess.map { lx_pidfd_open($0) } ?? -1
        defer { if process >= 0 { close(process) } }
        var packet = [UInt8](repeating: 0, count: ControlMessage.greatestOctetCount)
        do {
            try socket.send(
                ControlMessage.request(arguments: arguments, workingDirectory: workingDirectory).octets)
            while let message = try socket.receive(into: &packet) {
                switch ControlMessage(parsing: message) {
                case .output(let octets): write(1, octets[...])
                case .errorOutput(let octets): write(2, octets[...])
                case .finished(let status, let daemonEnds):
                    if daemonEnds { ControlClient.waitForEnd(of: process) }
                    return .finished(status: status)
                case .request, nil: return .lost
                }
            }
        } catch {
            return .lost
        }
        return .lost
    }

    /// Whether a daemon accepts requests.
    package var isDaemonReady: Bool {
        do {
            _ = try UnixSocket.connect(path)
            return true
        } catch {
            return false
        }
    }

    /// Waits for a daemon to accept requests; false after `limit`.
    package func waitUntilReady(atMost limit: Duration) -> Bool {
        let deadline = MonotonicClock.now + limit
        // A daemon that starts takes some ten milliseconds; the socket's folder may not be there to be watched.
        while !isDaemonReady {
            if MonotonicClock.now >= deadline { return false }
            MonotonicClock.sleep(.milliseconds(2))
        }
        return true
    }

    /// A descriptor of a process becomes readable when it has ended.
    private static func waitForEnd(of process: Int32) {
        guard process >= 0 else { return }
        var wanted = pollfd(fd: process, events: Int16(POLLIN), revents: 0)
        while poll(&wanted, 1, -1) < 0 && errno == EINTR {}
    }

    /// To a descriptor, all of it; what a closed one does not take is lost.
    package static func copy(_ descriptor: Int32, _ octets: ArraySlice<UInt8>) {
        var rest = octets
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress!, $0.count) }
            if written > 0 {
                rest = rest.dropFirst(written)
            } else if written < 0 && errno == EAGAIN {
                // A terminal or pipe that someone else made non-blocking.
                var wanted = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&wanted, 1, -1)
            } else if errno != EINTR {
                return
            }
        }
    }
}
