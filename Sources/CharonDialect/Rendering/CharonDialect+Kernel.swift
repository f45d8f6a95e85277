import DialectKit
import IKECrypto
import IKEModel
import IKEWire
import NetAddress

/// Lines of the group KNL that are told at level 2 alone (`charondebug="knl 2"`), in the words of 4.2.9; the later
/// releases say the same without reqids.
extension CharonDialect {
    private var isTold: Bool { levels["knl"] ?? 1 >= 2 }

    /// `{1}`, where the release names it.
    private func reqid(_ connection: ConnectionID?) -> String {
        version == .v4_2_9 ? " for reqid {\(bound(connection)?.connection.reqid ?? 0)}" : ""
    }

    /// The SPI that our proposal carries.
    func reservingSPI(
        _ facts: MessageFacts, _ child: ChildSAID, _ ike: IKESAID, _ view: any DaemonView
    ) -> [DialectEffect] {
        guard isTold else { return [] }
        for case .securityAssociation(let proposals) in facts.payloads {
            guard let proposal = proposals.first, proposal.protocolID == .esp, proposal.spi.count == 4 else { continue }
            let connection = children[child]?.connection
            let spi = proposal.spi.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            let asking = version == .v4_2_9 ? tell("KNL", "getting SPI\(reqid(connection))", ike, view) : []
            return asking + tell("KNL", "got SPI \(spi)\(reqid(connection))", ike, view)
        }
        return []
    }

    /// The two SAs of a Child SA, the outbound one first.
    func addingSAs(_ facts: ChildFacts, _ view: any DaemonView) -> [DialectEffect] {
        guard isTold else { return [] }
        let reqid = bound(facts.connection)?.connection.reqid ?? 0
        var effects: [DialectEffect] = []
        let ours = "\(facts.inbound)"
        let theirs = "\(facts.outbound)"
        for spi in facts.role == .initiator ? [theirs, ours] : [ours, theirs] {
            effects += tell("KNL", "adding SAD entry with SPI \(spi) and reqid {\(reqid)}", facts.ike, view)
            let bits = facts.suite.cipher.keyBits == 0 ? "" : " with key size \(facts.suite.cipher.keyBits)"
            effects += tell(
                "KNL", "  using encryption algorithm \(AlgorithmNames.name(facts.suite.cipher.algorithm))\(bits)",
                facts.ike, view)
            guard facts.suite.integrity != .none else { continue }
            effects += tell(
                "KNL",
                "  using integrity algorithm \(AlgorithmNames.name(facts.suite.integrity)) with key size "
                    + "\(facts.suite.integrity.keyLength * 8)", facts.ike, view)
        }
        return effects
    }

    /// Whether either end's address is one of this host's, as charon looks when a connection is added.
    func lookingForEnds(
        _ definition: ConnectionDefinition, _ binder: ConnectionBinder, _ view: any DaemonView
    ) -> [DialectEffect] {
        guard isTold, version == .v4_2_9 else { return [] }
        return [definition.remote.host, definition.local.host].flatMap { host -> [DialectEffect] in
            let address = binder.host.address(of: host)
            let interface = address.flatMap { address in binder.host.interfaces.first { $0.address == address } }
            let name = address.map { "\($0)" } ?? host
            return log("KNL", "getting interface name for \(name)", view)
                + log(
                    "KNL",
                    interface.map { "\(name) is on interface \($0.interface)" } ?? "\(name) is not a local address",
                    view)
        }
    }
}
