package import DialectKit
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

    /// `type=transport_proxy`: IKE goes between other addresses than the packets (RFC 4877: a care-of address and a home
    /// address). 4.2.9 names an end that differs, later releases both.
    func proxying(_ bound: BoundConnection?, _ local: IPAddress, _ remote: IPAddress) -> [String] {
        guard let bound, bound.definition.mode == .transportProxy else { return [] }
        return [
            ("my", local, bound.connection.local.selectors.first),
            ("other", remote, bound.connection.remote.selectors.first),
        ].compactMap { whose, address, selector in
            guard let proxied = selector?.addresses.first, version != .v4_2_9 || proxied != address else { return nil }
            return "\(whose) address: \(address) is a transport mode proxy for \(proxied)"
        }
    }

    /// A packet asks for an SA: the kernel's message, with the attributes that it comes with, and the packet's own ends.
    func renderAcquire(
        _ connection: ConnectionID, _ packet: AcquiringPacket, _ view: any DaemonView
    ) -> [DialectEffect] {
        nextJob()
        let reqid = bound(connection)?.connection.reqid ?? 0
        let (source, destination) = (IPPrefix(host: packet.source), IPPrefix(host: packet.destination))
        guard version == .v4_2_9 else {
            return log(
                "KNL", "creating acquire job for policy \(source) === \(destination) with reqid {\(reqid)}", view)
        }
        let isMessage = isTold && view.dataPlaneName == "xfrm"
        let message = isMessage ? ["received a XFRM_MSG_ACQUIRE", "  XFRMA_TMPL", "  XFRMA_POLICY_TYPE"] : []
        let ends = [(source, packet.sourcePort), (destination, packet.destinationPort)].map { prefix, port in
            var selector = TrafficSelector(prefix)
            selector.ipProtocol = packet.ipProtocol
            if port != 0 { (selector.startPort, selector.endPort) = (port, port) }
            return SelectorText.text(selector, version)
        }
        let job = "creating acquire job for policy \(ends[0]) === \(ends[1]) with reqid {\(reqid)}"
        return (message + [job]).flatMap { log("KNL", $0, view) }
    }

    // MARK: The host's addresses

    /// Those that are told of: not the loopback's, and no link-local addresses, which nobody is reached from.
    func namedInterfaces(_ view: any DaemonView) -> (up: Set<String>, addresses: [InterfaceAddress]) {
        (
            view.interfacesUp.subtracting(["lo"]),
            view.interfaceAddresses.filter {
                !HostKnowledge.isLoopback($0.address) && !HostKnowledge.isLinkLocal($0.address)
            }
        )
    }

    package func hostChanged(_ view: any DaemonView) -> [DialectEffect] {
        let (up, addresses) = namedInterfaces(view)
        defer { (knownInterfaces, knownAddresses) = (up, addresses) }
        let lines =
            up.subtracting(knownInterfaces).sorted().map { "interface \($0) activated" }
            + addresses.filter { !knownAddresses.contains($0) }.map { "\($0.address) appeared on \($0.interface)" }
            + knownInterfaces.subtracting(up).sorted().map { "interface \($0) deactivated" }
            + knownAddresses.filter { !addresses.contains($0) }
            .map { "\($0.address) disappeared from \($0.interface)" }
        let told = lines.flatMap { log("KNL", $0, view) }
        guard !lines.isEmpty, !isRoaming else { return told }
        isRoaming = true
        return told + [.wake(after: Self.roamDelay)]
    }

    /// Changes within this time of the first are one roaming job's.
    private static let roamDelay = Duration.milliseconds(100)

    /// The roaming job: from where the peers of our own IKE SAs are reached now. The engine moves those that have lost their way, by
    /// what it is told of the host.
    package func woken(_ view: any DaemonView) -> [DialectEffect] {
        isRoaming = false
        nextJob()
        return view.ikeSAs.filter { $0.role == .initiator && $0.state != .deleting }.flatMap { ike in
            look(for: ike.remote.address, ike.ike, view).told
        }
    }

    /// The address from which a peer is reached, and what is told of looking for it.
    private func look(
        for remote: IPAddress, _ ike: IKESAID?, _ view: any DaemonView
    ) -> (address: IPAddress?, told: [DialectEffect]) {
        let told = isTold ? log("KNL", "getting address to reach \(remote)", ike: ike, view) : []
        return (view.sourceAddress(towards: remote), told)
    }

    /// What is said before a trap stands.
    func routing(_ connection: ConnectionID, _ view: any DaemonView) -> [DialectEffect] {
        guard let bound = bound(connection), case .address(let remote) = bound.connection.remote.host else { return [] }
        let (source, looking) = look(for: remote, nil, view)
        // This end, which the way to the peer decides where it is not said.
        let local: IPAddress? = if case .address(let local) = bound.connection.local.host { local } else { source }
        guard let local else { return [] }
        return looking + proxying(bound, local, remote).flatMap { log("CHD", $0, view) }
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
