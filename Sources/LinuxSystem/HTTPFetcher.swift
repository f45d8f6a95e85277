import Glibc
package import NetAddress

/// Where a plain HTTP resource is: `http://HOST[:PORT][/PATH]` (RFC 9110 §4.2.1); HOST an address, one of IPv6 in brackets, or a name.
package struct HTTPLocation: Hashable, Sendable {
    package var host: String
    package var port: UInt16
    /// With its query; begins with a slash.
    package var path: String

    /// nil for what is no such URL, or has a fragment, user information or blanks.
    package init?(_ url: String) {
        guard url.lowercased().hasPrefix("http://"), url.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            return nil
        }
        let rest = url.dropFirst(7)
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        let target = String(rest.dropFirst(authority.count))
        guard !authority.contains("@"), !target.contains("#") else { return nil }
        path = target.hasPrefix("/") ? target : "/" + target
        var name = authority
        var after = authority[authority.endIndex...]
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { return nil }
            name = authority[authority.index(after: authority.startIndex)..<end]
            after = authority[authority.index(after: end)...]
        } else if let colon = authority.firstIndex(of: ":") {
            (name, after) = (authority[..<colon], authority[colon...])
        }
        guard !name.isEmpty else { return nil }
        host = String(name)
        if after.isEmpty {
            port = 80
        } else {
            guard after.first == ":", let number = UInt16(after.dropFirst()), number > 0 else { return nil }
            port = number
        }
    }

    var authority: String { (host.contains(":") ? "[\(host)]" : host) + (port == 80 ? "" : ":\(port)") }
}

/// Why a resource was not fetched.
package enum HTTPFailure: Error, Equatable, Sendable, CustomStringConvertible {
    case malformedURL
    /// Neither an address nor a name in /etc/hosts: nothing is asked of DNS, for which the daemon would stand still.
    case unknownHost(String)
    case system(SystemError)
    /// An answer other than 200.
    case status(Int)
    case tooLong(limit: Int)
    case timedOut
    case malformedAnswer
    /// So many wait already.
    case busy
    /// It is this host itself, or one of the link, and somebody who may be anybody said so.
    case forbiddenHost(IPAddress)

    package var description: String {
        switch self {
        case .malformedURL: "no http URL"
        case .unknownHost(let name): "unable to resolve host name '\(name)'"
        case .system(let error): "\(error)"
        case .status(let code): "HTTP status \(code)"
        case .tooLong(let limit): "more than \(limit) octets"
        case .timedOut: "timed out"
        case .malformedAnswer: "malformed HTTP answer"
        case .busy: "too many fetches at once"
        case .forbiddenHost(let address): "nothing is fetched from \(address) for a peer"
        }
    }
}

/// Fetches resources by plain HTTP beside the loop, a few at once and the others in their order behind them, each of bounded size and time.
///
/// It asks in HTTP/1.0 (RFC 1945) with the Host of HTTP/1.1: what is answered ends with the connection, or with its Content-Length, and
/// has no chunks. Redirections are not followed.
package final class HTTPFetcher {
    package typealias Completion = (Result<[UInt8], HTTPFailure>) -> Void

    package static let concurrencyLimit = 16
    /// Those that wait for one of these to end.
    package static let queueLimit = 512
    /// Octets of an answer before its body.
    private static let headLimit = 16 * 1024

    /// What two requests have in common that one fetch can answer.
    private struct Resource: Hashable {
        var server: Endpoint
        var location: HTTPLocation
        var limit: Int
    }

    /// Somebody who is to be told.
    private final class Listener {
        let done: Completion
        var timer: TimerToken?
        init(_ done: @escaping Completion) { self.done = done }
    }

    private final class Fetch {
        let resource: Resource
        /// What of it is not sent yet.
        var request: [UInt8]
        var received: [UInt8] = []
        /// At least one, until it ends.
        var listeners: [Listener] = []
        /// nil while it waits.
        var socket: TCPSocket?

        var server: Endpoint { resource.server }
        var limit: Int { resource.limit }

        init(_ resource: Resource) {
            self.resource = resource
            let location = resource.location
            request = Array(
                "GET \(location.path) HTTP/1.0\r\nHost: \(location.authority)\r\nConnection: close\r\n\r\n".utf8)
        }
    }

    private let loop: EventLoop
    private let ownAddresses: () -> [IPAddress]
    private var running: [Int32: Fetch] = [:]
    private var waiting: [Fetch] = []
    private var shared: [Resource: Fetch] = [:]

    /// - Parameter ownAddresses: this host's at the moment, which nothing is fetched from for anybody.
    package init(
        loop: EventLoop, ownAddresses: @escaping () -> [IPAddress] = { HostAddresses.current().map(\.address) }
    ) {
        self.loop = loop
        self.ownAddresses = ownAddresses
    }

    package var isIdle: Bool { running.isEmpty && waiting.isEmpty }

    /// - Parameters:
    ///   - limit: octets of the body.
    ///   - timeout: from now on, and it may have to wait.
    ///   - isForAnybody: the URL is of somebody who has not shown who it is; this host itself, by whichever of its addresses, and
    ///     link-local ones are not asked for it, where whoever is there may believe whom they hear.
    ///   - done: called once; at once, where nothing can be begun. What is being fetched already is not fetched twice.
    package func fetch(
        _ url: String, limit: Int, timeout: Duration, isForAnybody: Bool = false, _ done: @escaping Completion
    ) {
        guard let location = HTTPLocation(url) else { return done(.failure(.malformedURL)) }
        guard let address = IPAddress(location.host) ?? Self.address(named: location.host) else {
            return done(.failure(.unknownHost(location.host)))
        }
        if isForAnybody, Self.isNear(address) || ownAddresses().contains(Self.embedded(address)) {
            return done(.failure(.forbiddenHost(address)))
        }
        let resource = Resource(
            server: Endpoint(address, port: location.port, transport: .tcp), location: location, limit: limit)
        let known = shared[resource]
        guard known.map({ $0.listeners.count < Self.queueLimit }) ?? (waiting.count < Self.queueLimit) else {
            return done(.failure(.busy))
        }
        let fetch = known ?? Fetch(resource)
        let listener = Listener(done)
        fetch.listeners.append(listener)
        listener.timer = loop.schedule(at: EventLoop.nowNanoseconds + Self.nanoseconds(timeout)) {
            [unowned self, unowned fetch, unowned listener] in leave(fetch, listener)
        }
        guard known == nil else { return }
        shared[resource] = fetch
        waiting.append(fetch)
        beginWaiting()
    }

    /// One that has waited for as long as it would. The others go on waiting.
    private func leave(_ fetch: Fetch, _ listener: Listener) {
        guard fetch.listeners.count > 1 else { return end(fetch, .failure(.timedOut)) }
        fetch.listeners.removeAll { $0 === listener }
        listener.done(.failure(.timedOut))
    }

    /// Nobody is told of those that are under way.
    package func shutdown() {
        for listener in shared.values.flatMap(\.listeners) {
            if let timer = listener.timer { loop.cancel(timer) }
        }
        for descriptor in running.keys { loop.unwatch(descriptor) }
        (running, waiting, shared) = ([:], [], [:])
    }

    /// Begins as many of those that wait as may run.
    private func beginWaiting() {
        while running.count < Self.concurrencyLimit, !waiting.isEmpty {
            let fetch = waiting.removeFirst()
            do throws(SystemError) { try begin(fetch) } catch { finish(fetch, .failure(.system(error))) }
        }
    }

    private func begin(_ fetch: Fetch) throws(SystemError) {
        let (socket, failure) = try TCPSocket.connecting(
            from: .unspecified(fetch.server.address.family), to: fetch.server)
        guard failure == 0 else { throw SystemError("connect", code: failure) }
        let descriptor = socket.descriptor.rawValue
        try loop.watch(descriptor, .write) { [unowned self] _ in advance(descriptor) }
        fetch.socket = socket
        running[descriptor] = fetch
    }

    /// Whether an address is of this host whatever network it is in, or of the link: loopback, link-local, unspecified; of IPv6 also
    /// those that stand for such of IPv4 (RFC 6890 §2.2.2, RFC 4291 §2.5).
    package static func isNear(_ address: IPAddress) -> Bool {
        if address.isLinkLocal { return true }
        switch address.family {
        case .v4: return address.value >> 24 == 127 || address.value >> 16 == 0xa9fe || address.value >> 24 == 0
        case .v6:
            let embedded = embedded(address)
            return address.value <= 1 || embedded != address && isNear(embedded)
        }
    }

    /// The address of IPv4 that one of IPv6 stands for (RFC 4291 §2.5.5.2); others are themselves.
    private static func embedded(_ address: IPAddress) -> IPAddress {
        guard address.family == .v6, address.value >> 32 == 0xffff else { return address }
        return IPAddress(family: .v4, value: address.value & 0xffff_ffff)
    }

    private static func nanoseconds(_ duration: Duration) -> Int64 {
        let (seconds, attoseconds) = duration.components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }

    /// The first address of that name in /etc/hosts.
    private static func address(named name: String) -> IPAddress? {
        guard let text = try? FileSystem.readText("/etc/hosts") else { return nil }
        for line in text.split(separator: "\n") {
            let words = line.prefix { $0 != "#" }.split { $0 == " " || $0 == "\t" }
            guard words.dropFirst().contains(where: { $0.lowercased() == name.lowercased() }) else { continue }
            if let address = words.first.flatMap({ IPAddress(String($0)) }) { return address }
        }
        return nil
    }

    /// One that runs or waits; the next takes its place.
    private func end(_ fetch: Fetch, _ result: Result<[UInt8], HTTPFailure>) {
        if let descriptor = fetch.socket?.descriptor.rawValue {
            running[descriptor] = nil
            loop.unwatch(descriptor)
        } else {
            waiting.removeAll { $0 === fetch }
        }
        finish(fetch, result)
        beginWaiting()
    }

    private func finish(_ fetch: Fetch, _ result: Result<[UInt8], HTTPFailure>) {
        shared[fetch.resource] = nil
        for listener in fetch.listeners {
            if let timer = listener.timer { loop.cancel(timer) }
            listener.done(result)
        }
    }

    private func advance(_ descriptor: Int32) {
        guard let fetch = running[descriptor], let socket = fetch.socket else { return }
        do throws(SystemError) {
            if !fetch.request.isEmpty {
                let failure = socket.connectError
                guard failure == 0 else { throw SystemError("connect", code: failure) }
                let sent = fetch.request.withUnsafeBytes { octets in
                    Result { () throws(SystemError) in try socket.send(octets) }
                }
                fetch.request.removeFirst(try sent.get())
                if fetch.request.isEmpty { try loop.modify(descriptor, .read) }
                return
            }
            try receive(fetch, from: socket)
        } catch {
            end(fetch, .failure(.system(error)))
        }
    }

    private func receive(_ fetch: Fetch, from socket: TCPSocket) throws(SystemError) {
        var isEnded = false
        while !isEnded {
            let (result, octets) = withUnsafeTemporaryAllocation(byteCount: 16 * 1024, alignment: 1) { buffer in
                let result = Result { () throws(SystemError) in try socket.receive(into: buffer) }
                let count = (try? result.get()) ?? 0
                return (result, Array(buffer[..<count]))
            }
            guard let count = try result.get() else { break }
            isEnded = count == 0
            fetch.received += octets
            guard fetch.received.count <= fetch.limit + Self.headLimit else {
                return end(fetch, .failure(.tooLong(limit: fetch.limit)))
            }
        }
        do throws(HTTPFailure) {
            if let body = try Self.body(fetch.received, isEnded: isEnded, limit: fetch.limit) {
                end(fetch, .success(body))
            }
        } catch {
            end(fetch, .failure(error))
        }
    }

    /// The body of an answer; nil where more has to come.
    package static func body(
        _ octets: [UInt8], isEnded: Bool, limit: Int
    ) throws(HTTPFailure) -> [UInt8]? {
        guard let head = headEnd(octets) else {
            if isEnded || octets.count > headLimit { throw .malformedAnswer }
            return nil
        }
        let lines = String(decoding: octets[..<head], as: UTF8.self).split(whereSeparator: \.isNewline)
        let status = (lines.first ?? "").split(separator: " ")
        guard status.count >= 2, status[0].hasPrefix("HTTP/1."), let code = Int(status[1]) else {
            throw .malformedAnswer
        }
        guard code == 200 else { throw .status(code) }
        var length: Int?
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { throw .malformedAnswer }
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            switch line[..<colon].lowercased() {
            case "content-length":
                guard let number = Int(value), number >= 0 else { throw .malformedAnswer }
                length = number
            // Nobody may answer HTTP/1.0 so.
            case "transfer-encoding": throw .malformedAnswer
            default: break
            }
        }
        let body = octets[head...]
        guard max(body.count, length ?? 0) <= limit else { throw .tooLong(limit: limit) }
        if let length {
            if body.count >= length { return Array(body.prefix(length)) }
            if isEnded { throw .malformedAnswer }
            return nil
        }
        return isEnded ? Array(body) : nil
    }

    /// Where the body begins: behind the first empty line.
    private static func headEnd(_ octets: [UInt8]) -> Int? {
        var isLineEmpty = false
        for (place, octet) in octets.enumerated() where octet != UInt8(ascii: "\r") {
            if octet == UInt8(ascii: "\n") {
                if isLineEmpty { return place + 1 }
                isLineEmpty = true
            } else {
                isLineEmpty = false
            }
        }
        return nil
    }
}
