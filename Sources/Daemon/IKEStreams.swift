import Glibc
package import IKEModel
package import LinuxSystem
package import NetAddress

/// The daemon's TCP connections for IKE and ESP (RFC 9329): those that it opened, and those that came in.
///
/// Bounds against strangers: so many connections, so many of one address, so long without an IKE SA, and of each of them one
/// message that is not whole.
package final class IKEStreams {
    /// The two ends that name a connection.
    package struct Ends: Hashable, Sendable {
        package var local: Endpoint
        package var remote: Endpoint
        package init(local: Endpoint, remote: Endpoint) {
            self.local = local
            self.remote = remote
        }
    }

    /// Connections that came in, at once; and of them from one address, where many peers may be behind a NAT.
    package static let acceptedLimit = 4096
    package static let acceptedLimitPerAddress = 256
    /// One that came in is closed when it has had no IKE SA for so long (RFC 9329 §6.1, §6.3.1: 5-10 s).
    package static let idleLimit = Duration.seconds(10)
    private static let sweepInterval = Duration.seconds(5)
    /// What is left to be sent on a connection that is closed has so long.
    private static let lingerLimit = Duration.seconds(5)
    /// Octets that one call takes from a connection.
    private static let readOctets = 256 * 1024

    /// A message, IKE's with its marker or ESP's; valid during the call, or until the batch ends.
    package var onMessage: (UnsafeMutableRawBufferPointer, Ends) -> Void = { _, _ in }
    package var onBatchBegin: () -> Void = {}
    package var onBatchEnd: () -> Void = {}
    package var onReport: (StreamReport) -> Void = { _ in }
    /// The connections that IKE SAs use, for the sweep.
    package var inUse: () -> Set<Ends> = { [] }

    private let loop: EventLoop
    private let mark: UInt32?
    private var listeners: [UInt16: [TCPSocket]] = [:]
    private var streams: [Ends: IKEStream] = [:]
    private var accepted: [IPAddress: Int] = [:]
    private var connecting: [StreamPurpose: (socket: TCPSocket, timer: TimerToken)] = [:]
    private var sweepTimer: TimerToken?
    private lazy var buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.readOctets, alignment: 64)
    private var hasBuffer = false

    package init(loop: EventLoop, mark: UInt32?) {
        self.loop = loop
        self.mark = mark
    }

    deinit { if hasBuffer { buffer.deallocate() } }

    // MARK: Listening

    /// The ports on which connections are taken.
    package var ports: [UInt16] { listeners.keys.sorted() }
    package var count: Int { streams.count }

    /// Takes connections on these ports and no others; those that stand go on.
    /// - Returns: what could not be had.
    package func listen(ports: [UInt16]) -> [SystemError] {
        for port in listeners.keys where !ports.contains(port) { stopListening(port) }
        var failures: [SystemError] = []
        for port in ports where listeners[port] == nil {
            do throws(SystemError) {
                let v4 = try listener(.v4, port)
                let bound = v4.local?.port ?? port
                listeners[bound] = [v4]
                do throws(SystemError) { listeners[bound]?.append(try listener(.v6, bound)) } catch {
                    if !error.isMissingFamily { throw error }
                }
            } catch {
                failures.append(error)
            }
        }
        return failures
    }

    private func listener(_ family: AddressFamily, _ port: UInt16) throws(SystemError) -> TCPSocket {
        let socket = try TCPSocket.listening(
            on: Endpoint(.unspecified(family), port: port, transport: .tcp), mark: mark)
        try loop.watch(socket.descriptor.rawValue, .read) { [unowned self, unowned socket] _ in accept(socket) }
        return socket
    }

    private func stopListening(_ port: UInt16) {
        for socket in listeners.removeValue(forKey: port) ?? [] {
            loop.unwatch(socket.descriptor.rawValue)
            socket.descriptor.close()
        }
    }

    private func accept(_ listener: TCPSocket) {
        // A few at most, so that a flood of them does not starve the rest.
        for _ in 0..<32 {
            let socket: TCPSocket?
            do throws(SystemError) { socket = try listener.accept() } catch {
                pause(listener)
                return
            }
            guard let socket else { return }
            guard let local = socket.local, let remote = socket.remote else { continue }
            let known = accepted[remote.address] ?? 0
            let all = accepted.values.reduce(0, +)
            guard known < Self.acceptedLimitPerAddress, all < Self.acceptedLimit else { continue }
            if take(socket, Ends(local: local, remote: remote), isOriginator: false) != nil {
                accepted[remote.address] = known + 1
                scheduleSweep()
            }
        }
    }

    /// There are no descriptors left: a listener that is ready for ever must not keep the loop busy.
    private func pause(_ listener: TCPSocket) {
        let descriptor = listener.descriptor.rawValue
        loop.unwatch(descriptor)
        loop.schedule(at: EventLoop.nowNanoseconds + 1_000_000_000) { [weak self, weak listener] in
            guard let self, let listener, listener.descriptor.rawValue >= 0 else { return }
            try? loop.watch(descriptor, .read) { [unowned self, unowned listener] _ in accept(listener) }
        }
    }

    // MARK: Opening and closing

    /// Opens a connection. - Returns: a report where it failed at once.
    package func open(
        _ purpose: StreamPurpose, local: IPAddress, remote: Endpoint, timeout: Duration
    ) -> StreamReport? {
        if let before = connecting.removeValue(forKey: purpose) { abandon(before) }
        do throws(SystemError) {
            let (socket, failure) = try TCPSocket.connecting(from: local, to: remote, mark: mark)
            let descriptor = socket.descriptor.rawValue
            guard failure == 0 else { return report(purpose, remote, descriptor, failure) }
            try loop.watch(descriptor, .write) { [unowned self, unowned socket] _ in
                decided(purpose, remote, socket, socket.connectError)
            }
            let timer = loop.schedule(at: EventLoop.nowNanoseconds + timeout.nanosecondCount) {
                [unowned self, unowned socket] in decided(purpose, remote, socket, ETIMEDOUT)
            }
            connecting[purpose] = (socket, timer)
            return nil
        } catch {
            return report(purpose, remote, -1, error.code)
        }
    }

    private func report(
        _ purpose: StreamPurpose, _ remote: Endpoint, _ descriptor: Int32, _ code: Int32
    ) -> StreamReport {
        .failed(
            purpose, remote: remote,
            StreamFailure(socket: descriptor, code: code, description: String(cString: strerror(code))))
    }

    private func abandon(_ attempt: (socket: TCPSocket, timer: TimerToken)) {
        loop.cancel(attempt.timer)
        loop.unwatch(attempt.socket.descriptor.rawValue)
        attempt.socket.descriptor.close()
    }

    private func decided(_ purpose: StreamPurpose, _ remote: Endpoint, _ socket: TCPSocket, _ code: Int32) {
        guard let attempt = connecting.removeValue(forKey: purpose) else { return }
        loop.cancel(attempt.timer)
        let descriptor = socket.descriptor.rawValue
        loop.unwatch(descriptor)
        guard code == 0, let local = attempt.socket.local,
            let stream = take(attempt.socket, Ends(local: local, remote: remote), isOriginator: true)
        else {
            attempt.socket.descriptor.close()
            onReport(report(purpose, remote, descriptor, code == 0 ? ECONNRESET : code))
            return
        }
        _ = StreamFrames.prefix.withUnsafeBytes { send($0, stream) }
        onReport(.opened(purpose, local: local, remote: remote))
    }

    private func take(_ socket: TCPSocket, _ ends: Ends, isOriginator: Bool) -> IKEStream? {
        let stream = IKEStream(socket, ends, isOriginator: isOriginator, now: EventLoop.nowNanoseconds)
        do {
            try loop.watch(stream.descriptor, .read) { [unowned self, unowned stream] in ready(stream, $0) }
        } catch {
            return nil
        }
        streams[ends] = stream
        return stream
    }

    /// Closes a connection once what waits on it is sent, or five seconds later.
    package func close(_ ends: Ends) {
        guard let stream = streams[ends] else { return }
        if stream.isDrained { return remove(stream) }
        stream.closesAt = EventLoop.nowNanoseconds + Self.lingerLimit.nanosecondCount
        scheduleSweep()
    }

    private func remove(_ stream: IKEStream) {
        guard streams[stream.ends] === stream else { return }
        streams[stream.ends] = nil
        loop.unwatch(stream.descriptor)
        stream.socket.descriptor.close()
        guard !stream.isOriginator else { return }
        let left = (accepted[stream.ends.remote.address] ?? 1) - 1
        accepted[stream.ends.remote.address] = left > 0 ? left : nil
    }

    /// The peer, or the way to it, ended a connection.
    private func lose(_ stream: IKEStream) {
        let isWanted = stream.closesAt == nil
        remove(stream)
        if isWanted { onReport(.closed(local: stream.ends.local, remote: stream.ends.remote)) }
    }

    package func shutdown() {
        for port in ports { stopListening(port) }
        for attempt in connecting.values { abandon(attempt) }
        connecting = [:]
        for stream in Array(streams.values) { remove(stream) }
        if let sweepTimer { loop.cancel(sweepTimer) }
        sweepTimer = nil
    }

    // MARK: Messages

    /// Sends an IKE message: its length, the non-ESP marker, and it (RFC 9329 §3.1).
    package func transmit(_ datagram: Datagram) throws(SystemError) {
        let length = datagram.octets.count + 6
        let what = "\(datagram.local) to \(datagram.remote)"
        guard let stream = streams[Ends(local: datagram.local, remote: datagram.remote)] else {
            throw SystemError("send", "TCP \(what)", code: ENOTCONN)
        }
        guard length <= 65535 else { throw SystemError("send", "TCP \(what)", code: EMSGSIZE) }
        let frame = [UInt8(length >> 8), UInt8(length & 0xff), 0, 0, 0, 0] + datagram.octets
        guard frame.withUnsafeBytes({ send($0, stream) }) else {
            throw SystemError("send", "TCP \(what)", code: ENOBUFS)
        }
    }

    /// Sends whole frames; false where they are dropped.
    package func send(_ frames: UnsafeRawBufferPointer, over ends: Ends) -> Bool {
        guard let stream = streams[ends], stream.closesAt == nil else { return false }
        return send(frames, stream)
    }

    @discardableResult
    private func send(_ frames: UnsafeRawBufferPointer, _ stream: IKEStream) -> Bool {
        let wasDrained = stream.isDrained
        // A connection that is broken tells it by what it reads, too: it is taken away there.
        guard let isTaken = try? stream.send(frames) else { return false }
        if wasDrained, !stream.isDrained { try? loop.modify(stream.descriptor, [.read, .write]) }
        return isTaken
    }

    private func ready(_ stream: IKEStream, _ interest: EventLoop.Interest) {
        if interest.contains(.write), !stream.isDrained {
            do throws(SystemError) { try stream.drain() } catch { return lose(stream) }
            if stream.isDrained {
                if stream.closesAt != nil { return remove(stream) }
                try? loop.modify(stream.descriptor, .read)
            }
        }
        if interest.contains(.read) { receive(stream) }
    }

    private func receive(_ stream: IKEStream) {
        hasBuffer = true
        let count: Int?
        do throws(SystemError) { count = try stream.socket.receive(into: buffer) } catch { return lose(stream) }
        guard let count else { return }
        guard count > 0 else { return lose(stream) }
        var isInBatch = false
        // Whoever takes a message may close the connection.
        func deliver(_ message: UnsafeMutableRawBufferPointer) -> Bool {
            onMessage(message, stream.ends)
            return streams[stream.ends] === stream
        }
        defer { if isInBatch { onBatchEnd() } }
        do throws(StreamFrames.Fault) {
            try stream.frames.take(
                UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]), whole: deliver,
                inPlace: { message in
                    if !isInBatch { onBatchBegin() }
                    isInBatch = true
                    return deliver(message)
                })
        } catch {
            lose(stream)
        }
    }

    // MARK: Connections that nobody uses

    private func scheduleSweep() {
        guard sweepTimer == nil else { return }
        sweepTimer = loop.schedule(at: EventLoop.nowNanoseconds + Self.sweepInterval.nanosecondCount) {
            [unowned self] in
            sweepTimer = nil
            sweep(at: EventLoop.nowNanoseconds)
        }
    }

    /// Takes away what came in and has no IKE SA, and what is closed and cannot be sent.
    package func sweep(at now: Int64) {
        let used = inUse()
        for stream in Array(streams.values) {
            if used.contains(stream.ends) {
                stream.lastUsed = now
                stream.frames.greatestLength = .max
            }
            if let end = stream.closesAt {
                if now >= end { remove(stream) }
            } else if !stream.isOriginator, now - stream.lastUsed >= Self.idleLimit.nanosecondCount {
                remove(stream)
            }
        }
        if streams.values.contains(where: { !$0.isOriginator || $0.closesAt != nil }) { scheduleSweep() }
    }
}
