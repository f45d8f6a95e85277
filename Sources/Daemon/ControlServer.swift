import Control
package import DialectKit
import Glibc
package import LinuxSystem

/// The daemon's side of the control socket: many clients at once, none of which can hold it up.
///
/// A client sends one request and then reads until the end. What it does not read is kept for it up to a limit, beyond which
/// it is disconnected.
package final class ControlServer {
    /// What clients may cost.
    package struct Limits: Sendable {
        package var sessions: Int
        /// Octets that wait for one client. A whole status listing of some thousand connections fits.
        package var backlogOctets: Int
        /// From connect to request.
        package var requestTimeout: Duration

        package init(
            sessions: Int = 256, backlogOctets: Int = 16 << 20, requestTimeout: Duration = .seconds(10)
        ) {
            self.sessions = sessions
            self.backlogOctets = backlogOctets
            self.requestTimeout = requestTimeout
        }
    }

    /// One client.
    private final class Session {
        let socket: UnixSocket
        /// Until the request is there.
        var timeout: TimerToken?
        var hasRequested = false
        var hasFinished = false
        var backlog: [[UInt8]] = []
        /// Packets of `backlog` that are sent already.
        var sent = 0
        var backlogOctets = 0

        init(_ socket: UnixSocket) { self.socket = socket }
    }

    /// A request came. Called from the loop.
    package var onRequest: (SessionID, ClientRequest) -> Void = { _, _ in }
    /// A client is gone before its end. Called from the loop, never from within a call of `write` or `finish`.
    package var onDisconnect: (SessionID) -> Void = { _ in }

    private let loop: EventLoop
    private let listener: UnixListener
    private let limits: Limits
    private var sessions: [SessionID: Session] = [:]
    private var lastNumber: UInt64 = 0
    private var buffer = [UInt8](repeating: 0, count: ControlMessage.greatestOctetCount)
    private var isClosed = false

    package init(loop: EventLoop, listener: UnixListener, limits: Limits = Limits()) throws(SystemError) {
        self.loop = loop
        self.listener = listener
        self.limits = limits
        try watchListener()
    }

    package var sessionCount: Int { sessions.count }

    // MARK: To the clients

    /// Text for a client's standard output or error; nothing for one that is gone.
    package func write(_ text: String, to id: SessionID, isError: Bool = false) {
        guard let session = sessions[id], !session.hasFinished else { return }
        let octets = Array(text.utf8)
        var start = 0
        while start < octets.count {
            let end = min(start + ControlMessage.outputChunkOctets, octets.count)
            let chunk = Array(octets[start..<end])
            send(isError ? .errorOutput(chunk) : .output(chunk), id, session)
            start = end
        }
    }

    /// The client's program ends with this status, once it has read all.
    package func finish(_ id: SessionID, status: Int32, daemonEnds: Bool = false) {
        guard let session = sessions[id], !session.hasFinished else { return }
        send(.finished(status: status, daemonEnds: daemonEnds), id, session)
        session.hasFinished = true
        if session.backlog.isEmpty { forget(id, session) }
    }

    private func send(_ message: ControlMessage, _ id: SessionID, _ session: Session) {
        guard sessions[id] === session else { return }
        let packet = message.octets
        if session.backlog.isEmpty {
            do {
                try session.socket.send(packet)
                return
            } catch {
                if error.code != EAGAIN { return disconnect(id, session) }
            }
            do { try loop.modify(session.socket.descriptor.rawValue, [.read, .write]) } catch {
                return disconnect(id, session)
            }
        }
        session.backlog.append(packet)
        session.backlogOctets += packet.count
        if session.backlogOctets > limits.backlogOctets { disconnect(id, session) }
    }

    // MARK: From the clients

    private func watchListener() throws(SystemError) {
        try loop.watch(listener.descriptor.rawValue, .read) { [unowned self] _ in accept() }
    }

    private func accept() {
        do {
            while let socket = try listener.accept() {
                // Closed at once: the client sees the end of the connection without an answer.
                guard sessions.count < limits.sessions else { continue }
                try admit(socket)
            }
        } catch {
            // No descriptor is free (EMFILE): the client still waits, so to look again at once would be a busy loop.
            loop.unwatch(listener.descriptor.rawValue)
            loop.schedule(at: EventLoop.nowNanoseconds + 100_000_000) { [weak self] in
                guard let self, !isClosed else { return }
                do { try watchListener() } catch { preconditionFailure("\(error)") }
            }
        }
    }

    private func admit(_ socket: UnixSocket) throws(SystemError) {
        lastNumber += 1
        let id = SessionID(lastNumber)
        let session = Session(socket)
        try loop.watch(socket.descriptor.rawValue, .read) { [unowned self] interest in
            if interest.contains(.write) { flush(id, session) }
            if interest.contains(.read), sessions[id] === session { receive(id, session) }
        }
        sessions[id] = session
        let deadline = EventLoop.nowNanoseconds + limits.requestTimeout.microseconds * 1000
        session.timeout = loop.schedule(at: deadline) { [weak self] in
            session.timeout = nil
            self?.disconnect(id, session)
        }
    }

    private func receive(_ id: SessionID, _ session: Session) {
        let message: ControlMessage?
        do {
            guard let packet = try session.socket.receive(into: &buffer) else { return disconnect(id, session) }
            message = ControlMessage(parsing: packet)
        } catch {
            switch error.code {
            case EAGAIN: return
            case EMSGSIZE: message = nil
            default: return disconnect(id, session)
            }
        }
        // After its request a client has nothing more to say; what it still sends means nothing.
        if session.hasRequested { return }
        session.hasRequested = true
        if let timeout = session.timeout { loop.cancel(timeout) }
        session.timeout = nil
        guard case .request(let arguments, let workingDirectory)? = message else {
            write("swand: malformed request\n", to: id, isError: true)
            return finish(id, status: 2)
        }
        onRequest(id, ClientRequest(arguments: arguments, workingDirectory: workingDirectory))
    }

    private func flush(_ id: SessionID, _ session: Session) {
        while session.sent < session.backlog.count {
            do { try session.socket.send(session.backlog[session.sent]) } catch {
                if error.code == EAGAIN { return }
                return disconnect(id, session)
            }
            session.backlogOctets -= session.backlog[session.sent].count
            session.sent += 1
        }
        session.backlog.removeAll()
        session.sent = 0
        if session.hasFinished { return forget(id, session) }
        do { try loop.modify(session.socket.descriptor.rawValue, .read) } catch { disconnect(id, session) }
    }

    // MARK: Ends

    /// The client is gone, or has to go: the dialect is told, in the next turn, if it knows of it.
    private func disconnect(_ id: SessionID, _ session: Session) {
        guard sessions[id] === session else { return }
        forget(id, session)
        if session.hasRequested && !session.hasFinished {
            loop.schedule(at: 0) { [weak self] in self?.onDisconnect(id) }
        }
    }

    private func forget(_ id: SessionID, _ session: Session) {
        if let timeout = session.timeout { loop.cancel(timeout) }
        loop.unwatch(session.socket.descriptor.rawValue)
        session.socket.descriptor.close()
        sessions[id] = nil
    }

    /// Takes no more clients. Those that are there stay.
    package func stopListening() {
        guard !isClosed else { return }
        isClosed = true
        loop.unwatch(listener.descriptor.rawValue)
        listener.descriptor.close()
    }

    /// The daemon's end: what waits is sent as far as clients read it within `limit`, then all are told that the daemon ends.
    /// - Parameter statuses: for those that have one; the others get 1.
    package func shutdown(statuses: [SessionID: Int32], waitingAtMost limit: Duration) {
        stopListening()
        for id in sessions.keys.sorted(by: { $0.number < $1.number }) {
            finish(id, status: statuses[id] ?? 1, daemonEnds: true)
        }
        let deadline = MonotonicClock.now + limit
        while !sessions.isEmpty, case let left = deadline - MonotonicClock.now, left > .zero {
            do { try loop.turn(waitingAtMost: left) } catch { break }
        }
        for (id, session) in sessions { forget(id, session) }
    }
}
