import CLinux
import FoundationEssentials
import Glibc
package import Lab
package import LinuxSystem

/// A command on a host of a lab in user-mode Linux, at this program's own terminal or pipes.
package enum GuestVisit {
    /// Runs it and waits for it, whichever kernel the lab stands on.
    package static func execute(
        _ record: LabRecord, host: String, _ arguments: [String], environment: [String: String] = [:]
    ) throws(LabError) -> ProcessID.Status {
        guard let path = record.guestSocket else {
            return try LabSession.execute(record, host: host, arguments, environment: environment)
        }
        let visit: Visit
        do throws(SystemError) { visit = try Visit(path) } catch {
            throw LabError(.usage("lab \(record.name) has ended: \(error)"))
        }
        defer { visit.restoreTerminal() }
        return try visit.run(
            GuestCommand(host: host, arguments: arguments, environment: environment, window: visit.window))
    }

    package static func shell(_ record: LabRecord, host: String) throws(LabError) -> ProcessID.Status {
        let shell = LabSession.shell
        return try execute(record, host: host, shell.arguments, environment: shell.environment)
    }
}

private final class Visit {
    private let socket: UnixSocket
    private let watch = DescriptorWatch()
    /// The terminal's modes before; nil where there is none.
    private var modes: termios?
    private var credit = GuestFrame.window
    private var isReading = false
    private var status: Result<ProcessID.Status, LabError>?

    init(_ path: String) throws(SystemError) {
        socket = try UnixSocket.connect(path)
        guard isatty(0) == 1, isatty(1) == 1 else { return }
        var modes = termios()
        guard tcgetattr(0, &modes) == 0 else { return }
        self.modes = modes
    }

    /// Rows and columns of this program's terminal; nil where there is none.
    var window: [UInt16]? {
        guard modes != nil else { return nil }
        var (rows, columns): (UInt16, UInt16) = (0, 0)
        return lx_get_window(0, &rows, &columns) == 0 ? [rows, columns] : [24, 80]
    }

    func restoreTerminal() { if var modes { tcsetattr(0, TCSADRAIN, &modes) } }

    func run(_ command: GuestCommand) throws(LabError) -> ProcessID.Status {
        guard let encoded = try? JSONEncoder().encode(command) else { throw LabError(.usage("not to be encoded")) }
        var octets = Array(encoded)[...]
        while octets.count > GuestFrame.payloadLimit {
            send(.openPart, Array(octets.prefix(GuestFrame.payloadLimit)))
            octets = octets.dropFirst(GuestFrame.payloadLimit)
        }
        send(.open, Array(octets))
        if modes != nil {
            // Control-C and the others are for the terminal inside.
            _ = lx_make_raw(0)
            // Not for what it does, but to come back from waiting.
            signal(SIGWINCH) { _ in }
        }
        watch.add(socket.descriptor.rawValue) { [unowned self] in receive() }
        readInput()
        var shown = window
        while true {
            if let status { return try status.get() }
            watch.wait(until: .now + .seconds(1))
            let now = window
            if let now, now != shown { send(.window, GuestFrame.numbers(now)) }
            shown = now
        }
    }

    private func readInput() {
        guard !isReading, credit > 0 else { return }
        isReading = true
        watch.add(0) { [unowned self] in
            var buffer = [UInt8](repeating: 0, count: GuestFrame.payloadLimit)
            let count = read(0, &buffer, buffer.count)
            if count < 0 && (errno == EINTR || errno == EAGAIN) { return }
            if count <= 0 {
                watch.remove(0)
                return send(.inputEnd, [])
            }
            credit -= 1
            send(.input, Array(buffer[..<count]))
            if credit == 0 {
                isReading = false
                watch.remove(0)
            }
        }
    }

    private func send(_ kind: GuestFrame.Kind, _ payload: [UInt8]) {
        // Blocks while the relay has no time. That it is gone is seen as the connection's end.
        try? socket.send(GuestFrame(visit: 0, kind, payload).onSocket)
    }

    private func receive() {
        var buffer = [UInt8](repeating: 0, count: 1 << 13)
        guard let octets = try? socket.receive(into: &buffer) else {
            status = .failure(LabError(.sandbox("user-mode Linux has ended")))
            return
        }
        guard let frame = GuestFrame(visit: 0, onSocket: octets) else { return }
        switch frame.kind {
        case .output: show(1, frame.payload)
        case .errorOutput: show(2, frame.payload)
        case .taken:
            credit += 1
            readInput()
        case .ended:
            let code = frame.numbers.reduce(UInt32(0)) { $0 << 16 | UInt32($1) }
            status = .success(.exited(Int32(bitPattern: code)))
        case .refused:
            let text = String(decoding: frame.payload.dropFirst(), as: UTF8.self)
            status = .failure(LabError(frame.payload.first == 1 ? .usage(text) : .sandbox(text)))
        default: break
        }
    }

    private func show(_ descriptor: Int32, _ octets: [UInt8]) {
        var rest = octets[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if written < 0 && errno == EAGAIN {
                // A terminal or pipe that someone else made non-blocking.
                var wanted = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&wanted, 1, -1)
            } else if written < 0 && errno != EINTR {
                break
            }
            if written > 0 { rest = rest.dropFirst(written) }
        }
        send(.taken, [])
    }
}
