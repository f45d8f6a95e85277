import Daemon
import DialectKit
import Glibc
import LinuxSystem
import NetAddress
import Testing

/// Documents by HTTP, from servers that are threads of nothing but this loop.
@Suite struct HTTPFetcherTests {
    /// What a server does with the connections that it takes.
    private enum Manner {
        case answers(String)
        case closesAtOnce
        case isSilent
    }

    /// One server, one fetcher, one loop; what became of the requests, and what the server was asked.
    private func fetch(
        _ path: String, from manner: Manner, timeLimit: Duration = .seconds(30)
    ) throws -> (result: Result<[UInt8], FetchFailure>?, asked: String) {
        let loop = try EventLoop()
        let address = IPAddress("127.0.0.1")!
        let listener = try TCPSocket.listening(on: Endpoint(address, port: 0, transport: .tcp))
        let port = try #require(listener.local?.port)
        var asked: [UInt8] = []
        var taken: [TCPSocket] = []
        try loop.watch(listener.descriptor.rawValue, .read) { _ in
            guard let socket = try? listener.accept() else { return }
            taken.append(socket)
            if case .closesAtOnce = manner { return socket.descriptor.close() }
            try? loop.watch(socket.descriptor.rawValue, .read) { [unowned socket] _ in
                asked += (try? socket.descriptor.read(upTo: 4096)) ?? []
                guard case .answers(let text) = manner, asked.suffix(4).elementsEqual("\r\n\r\n".utf8) else { return }
                loop.unwatch(socket.descriptor.rawValue)
                try? socket.descriptor.write(text)
                socket.descriptor.close()
            }
        }
        let fetcher = HTTPFetcher(loop: loop, timeLimit: timeLimit)
        var result: Result<[UInt8], FetchFailure>?
        fetcher.onEnd = { result = $1 }
        let url = try #require(HTTPURL("http://localhost:\(port)\(path)"))
        fetcher.add(FetchRequest(number: 1, url: url, address: address))
        #expect(try loop.turn { result != nil })
        return (result, String(decoding: asked, as: UTF8.self).replacing(":\(port)", with: ":PORT"))
    }

    @Test func `a document is asked for and comes`() throws {
        let (result, asked) = try fetch(
            "/a/b.crl?c=d", from: .answers("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"))
        #expect(result == .success(Array("hello".utf8)))
        #expect(
            asked == "GET /a/b.crl?c=d HTTP/1.1\r\nHost: localhost:PORT\r\nAccept: */*\r\nConnection: close\r\n\r\n")
    }

    @Test(arguments: [
        ("HTTP/1.0 200 OK\r\n\r\nhello", "hello"),
        ("HTTP/1.1 200 OK\r\ncontent-length:  4 \r\nA: b\r\n\r\nhello", "hell"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", "hello"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ""),
    ])
    func `a body ends where its answer says`(_ answer: String, _ body: String) throws {
        #expect(try fetch("/", from: .answers(answer)).result == .success(Array(body.utf8)))
    }

    @Test(arguments: [
        ("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno", FetchFailure.status(404)),
        ("HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1/\r\n\r\n", .status(301)),
        ("SSH-2.0-OpenSSH\r\n\r\n", .malformed),
        ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", .malformed), ("HTTP/1.1 200 OK\r\nContent-L", .malformed),
        ("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", .tooLong),
        ("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", .malformed),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nx", .malformed),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello", .malformed),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhello\r\n0\r\n\r\n", .malformed),
    ])
    func `what is no good answer is a failure`(_ answer: String, _ failure: FetchFailure) throws {
        #expect(try fetch("/", from: .answers(answer)).result == .failure(failure))
    }

    @Test func `a server that says nothing is given up, and one that closes is too`() throws {
        guard case .failure(.timedOut) = try fetch("/", from: .isSilent, timeLimit: .milliseconds(50)).result else {
            Issue.record("no time limit")
            return
        }
        #expect(try fetch("/", from: .closesAtOnce).result == .failure(.malformed))
    }

    @Test func `where nobody listens there is no connection`() throws {
        let loop = try EventLoop()
        let fetcher = HTTPFetcher(loop: loop)
        var results: [Result<[UInt8], FetchFailure>] = []
        fetcher.onEnd = { results.append($1) }
        let address = IPAddress("127.0.0.1")!
        // A port of which it is known that it was just free.
        let listener = try TCPSocket.listening(on: Endpoint(address, port: 0, transport: .tcp))
        let port = try #require(listener.local?.port)
        listener.descriptor.close()
        fetcher.add(FetchRequest(number: 1, url: HTTPURL("http://127.0.0.1:\(port)/")!, address: address))
        #expect(try loop.turn { !results.isEmpty })
        guard case .failure(.noConnection(let why, _)) = results[0] else {
            Issue.record("\(results)")
            return
        }
        #expect(why == "Connection refused")
    }

    @Test(arguments: [
        ("http://192.0.2.1/a.crl", "192.0.2.1", UInt16(80), "/a.crl"), ("HTTP://moon:8080", "moon", 8080, "/"),
        ("http://[2001:db8::1]:81/a?b#c", "2001:db8::1", 81, "/a?b"), ("http://moon?x", "moon", 80, "/?x"),
    ])
    func `a URL has a host, a port and a path`(_ text: String, _ host: String, _ port: UInt16, _ path: String) throws {
        let url = try #require(HTTPURL(text))
        #expect((url.host, url.port, url.path) == (host, port, path))
    }

    @Test(arguments: [
        "https://a/", "ldap://a/", "http://", "http://:80/", "http://a:0/", "http://a:70000/", "http://u@a/",
        "http://a/b c", "http://a/\r\nHost: b", "http://[::1]x/", "a",
    ])
    func `what is no URL of HTTP is none`(_ text: String) { #expect(HTTPURL(text) == nil) }
}
