import DataPlane
package import DialectKit
import IKEModel
import IKEWire
import NetAddress

/// leftupdown=: the script that is run as the policies of a connection come and go. Addresses, routes and rules are the data
/// plane's; the script does what else the administrator wants done.
extension PlutoDialect {
    /// What is run for a connection, a line for the shell; nil: nothing.
    private func updown(_ connection: ConnectionID) -> String? {
        guard let position = position(of: connection) else { return nil }
        let setting = connections[position].ours.updown
        guard setting != "unset" else { return nil }
        let standard = "ipsec _updown"
        guard setting == standard || setting.hasPrefix(standard + " ") else { return setting }
        // There need be no such script.
        return paths.updown.map { $0 + setting.dropFirst(standard.count) }
    }

    func hasUpdown(_ connection: ConnectionID) -> Bool { updown(connection) != nil }

    /// The Child SA's policies are there.
    func updownUp(_ facts: ChildFacts, _ view: any DaemonView) -> [DialectEffect] {
        // A replacement takes over what its predecessor has routed.
        guard facts.replaces == nil, let command = updown(facts.connection) else { return [] }
        let pairs = pairs(facts)
        return pairs.flatMap { pair in
            ["prepare", "route", "up"].flatMap { verb -> [DialectEffect] in
                let text = Wording.runningUpdown(verb, "\(SelectorText.text(pair.0))===\(SelectorText.text(pair.1))")
                // pluto tells it on the console where there are several.
                return (pairs.count > 1 ? tell(facts.child, text, view) : debug(text, view))
                    + run(verb, pair, facts, command, view)
            }
        }
    }

    /// Its policies are gone, and no other Child SA of the connection has taken its place.
    func updownDown(_ facts: ChildFacts, _ view: any DaemonView) -> [DialectEffect] {
        guard let command = updown(facts.connection),
            !view.hasChildSA(of: facts.connection, besides: facts.child)
        else { return [] }
        let snapshot = view.connections.first { $0.connection.id == facts.connection }
        let verbs = snapshot?.routing == .routedOnDemand ? ["down"] : ["down", "unroute"]
        return pairs(facts).flatMap { pair in verbs.flatMap { run($0, pair, facts, command, view) } }
    }

    package func scriptEnded(_ run: ScriptRun, _ end: ScriptEnd, _ view: any DaemonView) -> [DialectEffect] {
        let lines = String(decoding: end.output, as: UTF8.self).split(separator: "\n")
        var effects = lines.flatMap { log("\(run.label) output: \($0)", view) }
        if end.isTimedOut {
            effects += log("\(run.label): took too long and was killed", view)
        } else if end.status == nil {
            effects += log("\(run.label): could not be started", view)
        } else if let status = end.status, status != 0 {
            effects += log("\(run.label) exited with status \(status)", view)
        }
        return effects
    }

    private func pairs(_ facts: ChildFacts) -> [(TrafficSelector, TrafficSelector)] {
        facts.localSelectors.flatMap { local in
            facts.remoteSelectors.filter { $0.family == local.family }.map { (local, $0) }
        }
    }

    private func run(
        _ verb: String, _ pair: (local: TrafficSelector, remote: TrafficSelector), _ facts: ChildFacts,
        _ command: String, _ view: any DaemonView
    ) -> [DialectEffect] {
        guard let bound = bound(facts.connection), let connection = bound.connection else { return [] }
        let counters = view.counters(of: facts.child)
        let ike = view.ikeSA(facts.ike)
        let local = ike?.local.address ?? numbers.ikes[facts.ike]?.local.address
        // A subnet is a client; the end itself is a host.
        let isHost = local.map { pair.local.addresses == IPPrefix(host: $0).range } ?? false
        let verb = "\(verb)-\(isHost ? "host" : "client")\(pair.local.family == .v6 ? "-v6" : "")"
        var environment = [
            "PLUTO_VERB": verb, "PLUTO_VERSION": "2.0", "PLUTO_CONNECTION": bound.name,
            "PLUTO_CONNECTION_TYPE": facts.mode == .tunnel ? "tunnel" : "transport",
            "PLUTO_INTERFACE": bound.interface ?? "", "PLUTO_ME": local.map { "\($0)" } ?? "",
            "PLUTO_PEER": "\(facts.remote.address)", "PLUTO_PEER_ID": ike?.peer.map { $0.plutoText } ?? "",
            "PLUTO_MY_ID": local.map { connection.localIdentity(address: $0).plutoText } ?? "",
            "PLUTO_SA_REQID": "\(connection.reqid)", "PLUTO_SA_TYPE": "ESP",
            "PLUTO_STACK": view.dataPlaneName, "PLUTO_ADDTIME": "\(view.wallClockSeconds)",
            "PLUTO_INBYTES": "\(counters?.inboundOctets ?? 0)", "PLUTO_OUTBYTES": "\(counters?.outboundOctets ?? 0)",
            "SPI_IN": "0x\(facts.inbound)", "SPI_OUT": "0x\(facts.outbound)",
        ]
        for (name, selector) in [("PLUTO_MY", pair.local), ("PLUTO_PEER", pair.remote)] {
            environment["\(name)_CLIENT"] = "\(selector.addresses)"
            environment["\(name)_PORT"] = "\(selector.isAnyPort ? 0 : selector.startPort)"
            environment["\(name)_PROTOCOL"] = "\(selector.ipProtocol)"
        }
        if let source = connection.sourceAddresses.first(where: { $0.family == pair.local.family }) {
            environment["PLUTO_MY_SOURCEIP"] = "\(source)"
        }
        let variables = environment.sorted { $0.key < $1.key }.map { "\($0.key)='\($0.value)' " }.joined()
        return debug("executing \(verb): \(variables)\(command)", view) + [
            .run(
                ScriptRun(
                    queue: facts.connection.number, command: command, environment: environment,
                    label: "\(label(facts.child) ?? "\"\(bound.name)\""): \(verb)"))
        ]
    }
}

extension Connection {
    /// As it is proved to the peer.
    fileprivate func localIdentity(address: IPAddress) -> Identification {
        local.identification ?? Identification(address: address)
    }
}
