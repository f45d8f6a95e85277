import CiscoDialect
import Foundation
import IKEEngine
import IKEModel
import NetAddress

/// router1 and router2 of the document, with its configurations.
final class TwoRouters {
    let router1: SimulatedHost
    let router2: SimulatedHost

    /// - Parameter lines: typed at both consoles before the debugging begins.
    init(typing lines: [String] = []) throws {
        func router(_ number: UInt64) throws -> SimulatedHost {
            let configuration = try Shipped.text("Tests/CiscoDialectTests/Resources/router\(number).conf")
            return SimulatedHost(
                IOSDialect(), seed: number, address: "10.0.0.\(number)", files: ["/etc/ios.conf": configuration])
        }
        router1 = try router(1)
        router2 = try router(2)
        for host in [router1, router2] {
            for line in lines { _ = host.type(["ios", "--line", line]) }
            for what in ["packet", "internal"] { _ = host.type(["ios", "--line", "debug crypto ikev2 \(what)"]) }
        }
        settle()
        _ = takeLogs()
    }

    /// Traffic wants a router's tunnel.
    func initiate(_ host: SimulatedHost) {
        for id in host.engine.connections.map(\.connection.id) {
            host.tell(.command(.initiate(id, staysUp: false)))
        }
    }

    /// Delivers one datagram. - Parameter spi: of this IKE SA alone, by its initiator's SPI (RFC 7296 §3.1).
    func deliver(of spi: [UInt8]? = nil) -> Bool {
        for (from, to) in [(router1, router2), (router2, router1)] {
            let next = from.outgoing.firstIndex { spi == nil || Array($0.octets.prefix(8)) == spi }
            guard let next else { continue }
            let datagram = from.outgoing.remove(at: next)
            to.tell(.datagram(Datagram(local: datagram.remote, remote: datagram.local, octets: datagram.octets)))
            return true
        }
        return false
    }

    func settle(of spi: [UInt8]? = nil) { while deliver(of: spi) {} }

    /// What the consoles have said, router 1's and router 2's.
    func takeLogs() -> (String, String) {
        defer {
            router1.log = []
            router2.log = []
        }
        return (router1.log.map { $0 + "\n" }.joined(), router2.log.map { $0 + "\n" }.joined())
    }

    func bringUp() {
        initiate(router1)
        settle()
    }
}
