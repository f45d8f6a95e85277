import DataPlane
import DialectKit
import IKEModel
import IKEWire
import NetAddress

/// Deletes, ours and the peer's (RFC 7296 §1.4.1), and what becomes of connections.
extension CharonDialect {
    /// What our Delete is about, before it is written.
    func deletionsAsked(_ facts: MessageFacts, _ ike: IKESAID, _ view: any DaemonView) -> [DialectEffect] {
        var effects: [DialectEffect] = []
        for case .delete(let payload) in facts.payloads {
            if payload.protocolID == .ike {
                effects += tell("IKE", "deleting IKE_SA \(name(ike)) between \(ends(ike))", ike, view)
                effects += tell("IKE", "sending DELETE for IKE_SA \(name(ike))", ike, view)
                continue
            }
            for spi in payload.spis {
                guard let child = child(ike, inbound: spi) else { continue }
                effects += closing(child, ike, view)
                effects += tell("IKE", "sending DELETE for ESP CHILD_SA with SPI \(hexadecimal(spi))", ike, view)
            }
        }
        return effects
    }

    /// What the peer's Delete is about, request or answer.
    func deletionsHeard(_ facts: MessageFacts, _ ike: IKESAID, _ view: any DaemonView) -> [DialectEffect] {
        var effects: [DialectEffect] = []
        for case .delete(let payload) in facts.payloads {
            if payload.protocolID == .ike {
                guard !facts.isResponse else { continue }
                effects += tell("IKE", "received DELETE for IKE_SA \(name(ike))", ike, view)
                effects += tell("IKE", "deleting IKE_SA \(name(ike)) between \(ends(ike))", ike, view)
                effects += tell("IKE", "IKE_SA deleted", ike, view)
                continue
            }
            for spi in payload.spis {
                effects += tell("IKE", "received DELETE for ESP CHILD_SA with SPI \(hexadecimal(spi))", ike, view)
                guard !facts.isResponse, let child = child(ike, outbound: spi),
                    let inbound = children[child]?.facts?.inbound
                else { continue }
                effects += closing(child, ike, view)
                effects += tell("IKE", "sending DELETE for ESP CHILD_SA with SPI \(inbound)", ike, view)
                effects += tell("IKE", "CHILD_SA closed", ike, view)
            }
        }
        return effects
    }

    private func closing(_ child: ChildSAID, _ ike: IKESAID, _ view: any DaemonView) -> [DialectEffect] {
        guard let facts = children[child]?.facts else { return [] }
        let counters = view.counters(of: child) ?? ChildCounters()
        return tell(
            "IKE",
            "closing CHILD_SA \(name(child)) with SPIs \(facts.inbound)_i (\(counters.inboundOctets) bytes) "
                + "\(facts.outbound)_o (\(counters.outboundOctets) bytes) and TS "
                + "\(SelectorText.list(facts.localSelectors, version)) === "
                + SelectorText.list(facts.remoteSelectors, version), ike, view)
    }

    private func child(_ ike: IKESAID, inbound spi: [UInt8]) -> ChildSAID? {
        children.first { $0.value.ike == ike && $0.value.facts?.inbound.octets == spi }?.key
    }

    private func child(_ ike: IKESAID, outbound spi: [UInt8]) -> ChildSAID? {
        children.first { $0.value.ike == ike && $0.value.facts?.outbound.octets == spi }?.key
    }

    private func hexadecimal(_ octets: [UInt8]) -> String {
        octets.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    // MARK: Connections

    func renderConnection(_ event: Event, _ view: any DaemonView) -> [DialectEffect] {
        switch event {
        case .alreadyEstablished(let connection, let child):
            guard let facts = children[child]?.facts else { return [] }
            let line =
                "CHILD_SA \(name(child)) is up already, with SPIs \(facts.inbound)_i \(facts.outbound)_o"
            return log("IKE", line, ike: facts.ike, view)
                + sessions.entries.filter { if case .up(connection) = $0.purpose { true } else { false } }
                .map { $0.write("[IKE] ", line) }
        case .cannotInitiate(let connection, _):
            let line = "unable to resolve \(bound(connection)?.definition.remote.host ?? "%any"), initiate aborted"
            return log("IKE", line, view)
                + sessions.entries.filter { if case .up(connection) = $0.purpose { true } else { false } }
                .map { $0.write("[IKE] ", line) }
        case .initiationFinished(let connection, let succeeded): return finishUp(connection, succeeded)
        case .rekeyFinished(let connection, let succeeded):
            return sessions.take { if case .rekey(connection) = $0 { true } else { false } }.flatMap {
                entry -> [DialectEffect] in
                [
                    .write(
                        entry.session, succeeded ? "rekey completed successfully\n" : "rekey failed: not completed\n"),
                    .finish(entry.session, status: succeeded ? 0 : 1),
                ]
            }
        case .routed(let connection):
            let name = bound(connection)?.name ?? "?"
            lastChildNumber += 1
            trapNumbers[connection] = lastChildNumber
            return routing(connection, view)
                + log(
                    version == .v4_2_9 ? "IKE" : "CHD", "CHILD_SA \(version == .v4_2_9 ? "" : "\(name) ")routed", view)
                + finishRoute(connection, "'\(name)' routed", status: 0)
        case .routeFailed(let connection, let reason):
            let name = bound(connection)?.name ?? "?"
            return log("CFG", "installing trap failed: \(reason)", view)
                + finishRoute(connection, "routing '\(name)' failed", status: 1)
        case .acquired(let connection, let packet):
            return renderAcquire(connection, packet, view)
        case .policyMigrated(let migration): return renderMigration(migration, view)
        case .ikeMoved(let ike, _, let path, _):
            ikes[ike]?.local = path.local
            ikes[ike]?.remote = path.remote
            return []
        default: return []
        }
    }

    private func finishRoute(_ connection: ConnectionID, _ line: String, status: Int32) -> [DialectEffect] {
        sessions.take { if case .route(connection) = $0 { true } else { false } }.flatMap { entry -> [DialectEffect] in
            [.write(entry.session, line + "\n"), .finish(entry.session, status: status)]
        }
    }

    private func finishUp(_ connection: ConnectionID, _ succeeded: Bool) -> [DialectEffect] {
        let name = bound(connection)?.name ?? "?"
        return sessions.take { if case .up(connection) = $0 { true } else { false } }.flatMap {
            entry -> [DialectEffect] in
            switch entry.form {
            case .stroke:
                // `ipsec up` ends with 0 either way: the words are the answer.
                return [
                    .write(
                        entry.session,
                        succeeded
                            ? "connection '\(name)' established successfully\n"
                            : "establishing connection '\(name)' failed\n"), .finish(entry.session, status: 0),
                ]
            case .vici:
                return succeeded
                    ? [.write(entry.session, "initiate completed successfully\n"), .finish(entry.session, status: 0)]
                    : [
                        .writeError(entry.session, "initiate failed: establishing CHILD_SA '\(name)' failed\n"),
                        .finish(entry.session, status: 1),
                    ]
            }
        }
    }
}
