import CiscoDialect
import Foundation
import IKEEngine
import IKEModel

/// router1 and router2 of the document, with its configurations.
final class TwoRouters {
    let router1: SimulatedHost
    let router2: SimulatedHost

    init() throws {
        func router(_ number: UInt64) throws -> SimulatedHost {
            let configuration = try Shipped.text("Tests/CiscoDialectTests/Resources/router\(number).conf")
            return SimulatedHost(
                IOSDialect(), seed: number, address: "10.0.0.\(number)", files: ["/etc/ios.conf": configuration])
        }
        router1 = try router(1)
        router2 = try router(2)
        for host in [router1, router2] {
            for what in ["packet", "internal"] { _ = host.type(["ios", "--line", "debug crypto ikev2 \(what)"]) }
        }
    }

    /// Traffic wants the tunnel of router1. - Returns: what both consoles say, a message's sender before its receiver.
    func bringUp() -> String {
        var text = ""
        func take(_ host: SimulatedHost) {
            text += host.log.map { $0 + "\n" }.joined()
            host.log = []
        }
        for id in router1.engine.connections.map(\.connection.id) {
            router1.tell(.command(.initiate(id, staysUp: false)))
        }
        while true {
            take(router1)
            take(router2)
            guard let (from, to) = [(router1, router2), (router2, router1)].first(where: { !$0.0.outgoing.isEmpty })
            else { return text }
            let datagram = from.outgoing.removeFirst()
            to.tell(.datagram(Datagram(local: datagram.remote, remote: datagram.local, octets: datagram.octets)))
        }
    }
}
