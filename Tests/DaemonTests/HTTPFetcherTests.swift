import DialectKit
import Glibc
import LinuxSystem
import NetAddress
import Testing

@testable import Daemon

/// A server on a free port that answers each connection in the same way, once it has a whole request.
private final class Server {
    let loop: EventLoop
    private let listener: TCPSocket
    private var sockets: [TCPSocket] = []
    /// nil: it never answers.
    let answer: [UInt8]?
    /// Whether it resets the connection behind its answer.
    let isRude: Bool
    var requests: [String] = []

    init(_ loop: EventLoop, _ answer: String?, isRude: Bool = false) throws {
        self.loop = loop
        self.isRude = isRude
        self.answer = answer.map { Array($0.utf8) }
        listener = try .listening(on: Endpoint(IPAddress("127.0.0.3")!, port: 0, transport: .tcp))
        try loop.watch(listener.descriptor.rawValue, .read) { [unowned self] _ in accept() }
    }

    deinit {
        for socket in sockets + [listener] { loop.unwatch(socket.descriptor.rawValue) }
    }

    var url: String { "http://127.0.0.3:\(listener.local!.port)" }

    private func accept() {
        while let socket = try? listener.accept() {
            sockets.append(socket)
            var request: [UInt8] = []
            let descriptor = socket.descriptor.rawValue
            try? loop.watch(descriptor, .read) { [unowned self, unowned socket] _ in
                var buffer = [UInt8](repeating: 0, count: 4096)
                let count = buffer.withUnsafeMutableBytes { (try? socket.receive(into: $0)) ?? 0 }
                request += buffer[..<count]
                guard request.suffix(4).elementsEqual(Array("\r\n\r\n".utf8)) || count == 0 else { return }
                loop.unwatch(descriptor)
                requests.append(String(decoding: request, as: UTF8.self))
                guard let answer else { return }
                _ = answer.withUnsafeBytes { try? socket.send($0) }
                guard isRude else {
                    shutdown(descriptor, Int32(SHUT_WR))
                    return
                }
                var linger = linger(l_onoff: 1, l_linger: 0)
                setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
                sockets.removeAll { $0.descriptor.rawValue == descriptor }
            }
        }
    }
}

@Suite struct HTTPFetcherTests {
    private func fetch(
        _ url: String, _ loop: EventLoop, limit: Int = 1000, timeout: Duration = .seconds(600)
    ) throws -> Result<[UInt8], HTTPFailure> {
        let fetcher = HTTPFetcher(loop: loop)
        var result: Result<[UInt8], HTTPFailure>?
        fetcher.fetch(url, limit: limit, timeout: timeout) {
            #expect(result == nil)
            result = $0
        }
        while result == nil { try loop.turn() }
        #expect(fetcher.isIdle)
        return try #require(result)
    }

    private func answered(_ answer: String, limit: Int = 1000) throws -> Result<[UInt8], HTTPFailure> {
        let loop = try EventLoop()
        let server = try Server(loop, answer)
        return try fetch(server.url + "/x", loop, limit: limit)
    }

    @Test func `a connection that breaks while the answer comes is told as that, and one that never was as none`()
        throws
    {
        let loop = try EventLoop()
        let server = try Server(loop, "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhe", isRude: true)
        func told(_ url: String) throws -> FetchFailure? {
            guard case .failure(let failure) = try fetch(url, loop) else { return nil }
            return FetchFailure(failure, url, milliseconds: 3)
        }
        #expect(try told(server.url + "/x") == .receiveFailed("Connection reset by peer"))
        // Nobody listens at discard's port.
        #expect(
            try told("http://127.0.0.3:9/x") == .noConnection(host: "127.0.0.3", port: 9, milliseconds: 3))
    }

    @Test func `what an HTTP server has is fetched`() throws {
        let loop = try EventLoop()
        let server = try Server(loop, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
        #expect(try fetch(server.url + "/a/b?c=d", loop) == .success(Array("hello".utf8)))
        #expect(
            server.requests
                == ["GET /a/b?c=d HTTP/1.0\r\nHost: \(server.url.dropFirst(7))\r\nConnection: close\r\n\r\n"])
        // Without a length the end of the connection is the end; of what is longer than said the rest is nobody's.
        #expect(try answered("HTTP/1.0 200\r\nServer: x\r\n\r\nhello\n") == .success(Array("hello\n".utf8)))
        #expect(try answered("HTTP/1.0 200 OK\ncontent-length:2\n\nhello") == .success(Array("he".utf8)))
        #expect(try answered("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n") == .success([]))
    }

    @Test func `what is no such answer is a failure`() throws {
        #expect(try answered("HTTP/1.1 404 Not Found\r\n\r\nno") == .failure(.status(404)))
        #expect(try answered("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\n\r\n") == .failure(.status(302)))
        let malformed = [
            "", "HTTP/1.1 200 OK\r\n", "SSH-2.0-x\r\n\r\n", "HTTP/1.1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "HTTP/1.1 200 OK\r\nno field\r\n\r\n",
        ]
        for answer in malformed { #expect(try answered(answer) == .failure(.malformedAnswer), "\(answer)") }
    }

    @Test func `no more than the limit is taken`() throws {
        let body = String(repeating: "x", count: 100)
        #expect(try answered("HTTP/1.0 200 OK\r\n\r\n" + body, limit: 100) == .success(Array(body.utf8)))
        #expect(try answered("HTTP/1.0 200 OK\r\n\r\n" + body, limit: 99) == .failure(.tooLong(limit: 99)))
        // Said before it comes.
        #expect(
            try answered("HTTP/1.0 200 OK\r\nContent-Length: 100000\r\n\r\nx", limit: 99)
                == .failure(.tooLong(limit: 99)))
        let head = "HTTP/1.0 200 OK\r\n" + String(repeating: "A: b\r\n", count: 5000) + "\r\n"
        guard case .failure = try answered(head, limit: 99) else {
            Issue.record("a head of \(head.utf8.count) octets was taken")
            return
        }
    }

    @Test func `one that never answers ends, and so does one that is not there`() throws {
        let loop = try EventLoop()
        let server = try Server(loop, nil)
        #expect(try fetch(server.url, loop, timeout: .milliseconds(50)) == .failure(.timedOut))
        guard case .failure(.system(let error)) = try fetch("http://127.0.0.3:1/", loop) else {
            Issue.record("somebody answers on port 1")
            return
        }
        #expect(error.code == ECONNREFUSED)
        #expect(try fetch("https://127.0.0.3/", loop) == .failure(.malformedURL))
        #expect(try fetch("http://no-such-name.invalid/", loop) == .failure(.unknownHost("no-such-name.invalid")))
    }

    @Test func `a few at once, the others wait for their turn or their time, and none after the end`() throws {
        let loop = try EventLoop()
        let server = try Server(loop, nil)
        let fetcher = HTTPFetcher(loop: loop)
        var failures: [HTTPFailure] = []
        var number = 0
        func fetch(timeout: Duration) {
            number += 1
            fetcher.fetch(server.url + "/\(number)", limit: 1, timeout: timeout) {
                if case .failure(let failure) = $0 { failures.append(failure) }
            }
        }
        for _ in 0..<HTTPFetcher.concurrencyLimit { fetch(timeout: .seconds(600)) }
        while server.requests.count < HTTPFetcher.concurrencyLimit { try loop.turn() }
        fetch(timeout: .milliseconds(50))
        while failures.isEmpty { try loop.turn() }
        #expect(failures == [.timedOut] && server.requests.count == HTTPFetcher.concurrencyLimit)
        for _ in 0...HTTPFetcher.queueLimit { fetch(timeout: .seconds(600)) }
        #expect(failures == [.timedOut, .busy])
        fetcher.shutdown()
        #expect(fetcher.isIdle && failures == [.timedOut, .busy])
    }

    @Test func `many at once are all fetched, also behind one that times out`() throws {
        let loop = try EventLoop()
        let server = try Server(loop, "HTTP/1.0 200 OK\r\n\r\nx")
        let silent = try Server(loop, nil)
        let fetcher = HTTPFetcher(loop: loop)
        var timedOut = 0
        for number in 0..<HTTPFetcher.concurrencyLimit {
            fetcher.fetch(silent.url + "/\(number)", limit: 1, timeout: .milliseconds(50)) {
                if $0 == .failure(.timedOut) { timedOut += 1 }
            }
        }
        var fetched = 0
        for number in 0..<3 * HTTPFetcher.concurrencyLimit {
            fetcher.fetch(server.url + "/\(number)", limit: 1, timeout: .seconds(600)) {
                if $0 == .success(Array("x".utf8)) { fetched += 1 }
            }
        }
        while !fetcher.isIdle { try loop.turn() }
        #expect(fetched == 3 * HTTPFetcher.concurrencyLimit && timedOut == HTTPFetcher.concurrencyLimit)
    }

    @Test func `what several want at once is fetched once, and each waits for as long as it would`() throws {
        let loop = try EventLoop()
        let server = try Server(loop, "HTTP/1.0 200 OK\r\n\r\nx")
        let silent = try Server(loop, nil)
        let fetcher = HTTPFetcher(loop: loop)
        var results: [String: [Result<[UInt8], HTTPFailure>]] = [:]
        func fetch(_ name: String, _ url: String, limit: Int = 1, timeout: Duration = .seconds(600)) {
            fetcher.fetch(url, limit: limit, timeout: timeout) { results[name, default: []].append($0) }
        }
        for _ in 0..<3 { fetch("same", server.url + "/a") }
        fetch("other page", server.url + "/b")
        fetch("other limit", server.url + "/a", limit: 2)
        fetch("impatient", silent.url + "/a", timeout: .milliseconds(50))
        fetch("patient", silent.url + "/a")
        let body = Result<[UInt8], HTTPFailure>.success(Array("x".utf8))
        while results.count < 4 || results["same"]!.count < 3 { try loop.turn() }
        #expect(results["same"] == [body, body, body])
        #expect(results["other page"] == [body] && results["other limit"] == [body])
        #expect(server.requests.count == 3)
        #expect(results["impatient"] == [.failure(.timedOut)] && results["patient"] == nil && !fetcher.isIdle)
        // What is over is fetched anew.
        fetch("later", server.url + "/a")
        while results["later"] == nil { try loop.turn() }
        #expect(server.requests.count == 4)
        while silent.requests.isEmpty { try loop.turn() }
        #expect(results["patient"] == nil && silent.requests.count == 1)
        fetcher.shutdown()
    }

    @Test func `for anybody nothing is fetched from an address of this host`() throws {
        let loop = try EventLoop()
        let own = ["192.0.2.1", "2001:db8::1"].compactMap { IPAddress($0) }
        for (fetcher, addresses) in [
            (HTTPFetcher(loop: loop, ownAddresses: { own }), own + [IPAddress("::ffff:192.0.2.1")!]),
            (HTTPFetcher(loop: loop), HostAddresses.current().map(\.address)),
        ] {
            for address in addresses {
                let host = address.family == .v4 ? "\(address)" : "[\(address)]"
                var failure: HTTPFailure?
                fetcher.fetch("http://\(host):1/", limit: 1, timeout: .seconds(600), isForAnybody: true) {
                    if case .failure(let told) = $0 { failure = told }
                }
                #expect(failure == .forbiddenHost(address))
                #expect(fetcher.isIdle)
            }
        }
        // What the operator names is.
        let server = try Server(loop, "HTTP/1.0 200 OK\r\n\r\nx")
        #expect(try fetch(server.url, loop) == .success(Array("x".utf8)))
    }

    @Test func `for anybody nothing is fetched from this host or from the link`() throws {
        let loop = try EventLoop()
        let fetcher = HTTPFetcher(loop: loop)
        for host in [
            "127.0.0.3", "127.255.0.1", "169.254.169.254", "0.0.0.0", "[::1]", "[::]", "[fe80::1]",
            "[::ffff:127.0.0.1]",
        ] {
            var failure: HTTPFailure?
            fetcher.fetch("http://\(host):1/", limit: 1, timeout: .seconds(600), isForAnybody: true) {
                if case .failure(let told) = $0 { failure = told }
            }
            guard case .forbiddenHost = failure else {
                Issue.record("\(host): \(String(describing: failure))")
                continue
            }
        }
        #expect(fetcher.isIdle)
        for text in ["192.1.2.23", "10.0.0.1", "128.0.0.1", "169.253.0.1", "2001:db8::1"] {
            #expect(!HTTPFetcher.isNear(IPAddress(text)!), "\(text)")
        }
    }

    @Test func `an answer that is cut or altered anywhere does no harm`() {
        let answers = [
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nServer: x\r\n\r\nhello", "HTTP/1.0 200\n\nhello\r\n\r\n",
            "HTTP/1.1 404 Not Found\r\nContent-Length: 99999999999999999999\r\n\r\n",
        ].map { Array($0.utf8) }
        for answer in answers {
            for place in answer.indices {
                for octet: UInt8 in [0, 10, 13, 32, 45, 57, 58, 0x80, 0xff] {
                    var altered = answer
                    altered[place] = octet
                    for octets in [altered, Array(answer[..<place]), Array(altered[place...])] {
                        for isEnded in [true, false] {
                            let body = try? HTTPFetcher.body(octets, isEnded: isEnded, limit: 5)
                            #expect((body ?? []).count <= 5)
                        }
                    }
                }
            }
        }
    }

    @Test func `locations are read as they are meant, or not at all`() {
        let rows: [(String, String, UInt16, String)] = [
            ("http://192.0.2.1", "192.0.2.1", 80, "/"), ("HTTP://x:8080/a", "x", 8080, "/a"),
            ("http://[2001:db8::1]/c", "2001:db8::1", 80, "/c"), ("http://[::1]:81", "::1", 81, "/"),
            ("http://x?y", "x", 80, "/?y"),
        ]
        for (url, host, port, path) in rows {
            let location = HTTPLocation(url)
            #expect(location?.host == host && location?.port == port && location?.path == path, "\(url)")
        }
        for url in [
            "", "http://", "http://:80/", "http://x:0/", "http://x:65536/", "http://u@x/", "http://x/ y",
            "http://x/#f", "http://[::1", "http://[::1]x/", "ftp://x/",
        ] { #expect(HTTPLocation(url) == nil, "\(url)") }
    }
}
