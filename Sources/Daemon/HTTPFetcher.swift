package import DialectKit
import Glibc
import IKEModel
package import LinuxSystem
import NetAddress

/// Fetches documents by HTTP/1.1 beside the loop: one connection each, so many at once, none for ever.
package final class HTTPFetcher {
    package static let concurrencyLimit = 16
    /// Requests that wait; one more has failed.
    package static let waitingLimit = 1024
    /// As strongSwan's fetchers have it.
    package static let standardTimeLimit = Duration.seconds(10)

    package var onEnd: (FetchRequest, Result<[UInt8], FetchFailure>) -> Void = { _, _ in }

    private final class Running {
        let request: FetchRequest
        let socket: TCPSocket
        let began: Int64
        var response = HTTPResponse()
        var timer: TimerToken?

        init(_ request: FetchRequest, _ socket: TCPSocket, began: Int64) {
            self.request = request
            self.socket = socket
            self.began = began
        }

        var milliseconds: Int { Int((EventLoop.nowNanoseconds - began) / 1_000_000) }
    }

    private let loop: EventLoop
    private let timeLimit: Duration
    private var waiting: [FetchRequest] = []
    private var running: [UInt64: Running] = [:]

    package init(loop: EventLoop, timeLimit: Duration = standardTimeLimit) {
        self.loop = loop
        self.timeLimit = timeLimit
    }

    /// - Precondition: no other request of this number is under way.
    package func add(_ request: FetchRequest) {
        guard waiting.count < Self.waitingLimit else {
            return onEnd(request, .failure(.noConnection("too many at once", milliseconds: 0)))
        }
        waiting.append(request)
        startNext()
    }

    private func startNext() {
        while running.count < Self.concurrencyLimit, !waiting.isEmpty {
            let request = waiting.removeFirst()
            let began = EventLoop.nowNanoseconds
            do throws(SystemError) {
                let (socket, failure) = try TCPSocket.connecting(
                    from: .unspecified(request.address.family),
                    to: Endpoint(request.address, port: request.url.port, transport: .tcp))
                guard failure == 0 else {
                    socket.descriptor.close()
                    onEnd(request, .failure(.noConnection(String(cString: strerror(failure)), milliseconds: 0)))
                    continue
                }
                let one = Running(request, socket, began: began)
                try loop.watch(socket.descriptor.rawValue, .write) { [unowned self, unowned one] _ in connected(one) }
                running[request.number] = one
                one.timer = loop.schedule(at: began + timeLimit.milliseconds * 1_000_000) {
                    [unowned self, unowned one] in
                    finish(one, .failure(.timedOut(milliseconds: one.milliseconds)))
                }
            } catch {
                onEnd(request, .failure(.noConnection("\(error)", milliseconds: 0)))
            }
        }
    }

    private func connected(_ one: Running) {
        let code = one.socket.connectError
        let descriptor = one.socket.descriptor
        guard code == 0 else {
            return finish(
                one, .failure(.noConnection(String(cString: strerror(code)), milliseconds: one.milliseconds)))
        }
        let url = one.request.url
        let port = url.port == 80 ? "" : ":\(url.port)"
        let host = url.host.contains(":") ? "[\(url.host)]" : url.host
        let text =
            "GET \(url.path) HTTP/1.1\r\nHost: \(host)\(port)\r\nAccept: */*\r\nConnection: close\r\n\r\n"
        // A new connection's buffer has room for it.
        guard
            Array(text.utf8).withUnsafeBytes({
                send(descriptor.rawValue, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            })
                == text.utf8.count
        else { return finish(one, .failure(.malformed)) }
        loop.unwatch(descriptor.rawValue)
        do throws(SystemError) {
            try loop.watch(descriptor.rawValue, .read) { [unowned self, unowned one] _ in read(one) }
        } catch {
            finish(one, .failure(.malformed))
        }
    }

    private func read(_ one: Running) {
        do throws(FetchFailure) {
            let octets: [UInt8]
            do throws(SystemError) { octets = try one.socket.descriptor.read(upTo: 65536) } catch {
                if error.code == EAGAIN || error.code == EINTR { return }
                throw .malformed
            }
            if octets.isEmpty { return finish(one, .success(try one.response.end())) }
            if let body = try one.response.add(octets) { finish(one, .success(body)) }
        } catch {
            finish(one, .failure(error))
        }
    }

    private func finish(_ one: Running, _ result: Result<[UInt8], FetchFailure>) {
        guard running.removeValue(forKey: one.request.number) != nil else { return }
        if let timer = one.timer { loop.cancel(timer) }
        loop.unwatch(one.socket.descriptor.rawValue)
        one.socket.descriptor.close()
        onEnd(one.request, result)
        startNext()
    }
}
