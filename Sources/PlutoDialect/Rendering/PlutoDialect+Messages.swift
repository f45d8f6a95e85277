import DialectKit
import IKECrypto
import IKEModel
import IKEWire
import NetAddress

/// Events around single messages, tickets, loss and connections.
extension PlutoDialect {
    // MARK: Messages

    /// Whether a responder's IKE_SA_INIT says that IKE_INTERMEDIATE follows (RFC 9242 §3.1).
    func noteIntermediate(_ ike: IKESAID, _ facts: MessageFacts) {
        guard facts.exchange == .ikeSAInit, facts.isResponse, !facts.isSent,
            let position = numbers.ikes[ike]?.connection.flatMap({ position(of: $0) }),
            connections[position].settings.intermediate
        else { return }
        let isSaid = facts.payloads.contains {
            if case .notify(let notify) = $0 { notify.type == .intermediateExchangeSupported } else { false }
        }
        numbers.update(ike) { $0.agreedOnIntermediate = isSaid }
    }

    func renderMessage(_ event: Event, _ view: any DaemonView) -> [DialectEffect] {
        switch event {
        case .requestSent(let ike, let purpose, let to):
            numbers.update(ike) { $0.remote = to }
            return exchangeType(purpose.exchange, view) + sent(purpose, ike, to: to, view)
        case .requestReceived(let ike, let exchange, let messageID, let from, let payloads):
            numbers.update(ike) {
                $0.remote = from
                $0.lastRequest = (exchange, messageID)
            }
            return exchangeType(exchange, view)
                + tell(ike, Wording.processingRequest(exchange, from: from, payloads: payloads), view)
        case .responseReceived(let ike, let exchange, _, let payloads, let fragments):
            let list = payloads.joined(separator: ",")
            let reassembled = fragments > 1 ? " reassembled from \(fragments) fragments" : ""
            return exchangeType(exchange, view)
                + debug("#\(number(ike)) \(exchange.name) response containing \(list)\(reassembled)", view)
        case .responseSent(let ike, let exchange, let to):
            guard exchange == .ikeSAInit || exchange == .ikeSessionResume else { return exchangeType(exchange, view) }
            let suite = numbers.ikes[ike]?.suite
            return exchangeType(exchange, view) + tell(ike, Wording.sentResponse(exchange, to: to, suite), view)
        case .responseRepeated(let ike, let exchange):
            return debug("#\(number(ike)) retransmitting \(exchange.name) response", view)
        default: return []
        }
    }

    private func sent(
        _ purpose: RequestPurpose, _ ike: IKESAID, to: Endpoint, _ view: any DaemonView
    ) -> [DialectEffect] {
        switch purpose {
        case .ikeSAInit, .sessionResume, .intermediate, .ikeAuthAlone:
            return tell(ike, Wording.sentRequest(purpose.exchange, to: to), view)
        case .ikeAuth(let child, let inbound, let encapsulated):
            let number = numbers.children[child]?.number ?? 0
            return tell(
                ike, Wording.sentIKEAuth(to: to, child: number, inbound: inbound, encapsulated: encapsulated), view)
        case .createChild(let child, let inbound, let encapsulated, let old):
            return sentCreateChild(
                child, ike, to: to, inbound: inbound, encapsulated: encapsulated, replacing: old, view)
        case .rekeyIKE(let new): return tell(new, Wording.sentRekeyIKE(number(ike)), view)
        case .deleteIKE where numbers.ikes[ike]?.isReplaced ?? false:
            numbers.update(ike) { $0.deletionAnnounced = true }
            return tell(ike, Wording.deletingAndNotifying, view)
        case .deleteIKE: return tell(ike, Wording.sentDeleteIKE, view)
        case .deleteChildren(let children):
            return children.flatMap { tell($0, Wording.sentDeleteChild(using: number(ike)), view) }
        case .liveness: return debug("#\(number(ike)) sent INFORMATIONAL request for a sign of life", view)
        case .redirect: return debug("#\(number(ike)) sent INFORMATIONAL request to redirect", view)
        case .updateAddresses, .announceAddresses, .routability:
            return debug("#\(number(ike)) sent MOBIKE \(Wording.mobility(purpose)) request", view)
        }
    }

    /// pluto dumps each header that it parses or builds; of that, the line that its tests look for.
    private func exchangeType(_ exchange: ExchangeType, _ view: any DaemonView) -> [DialectEffect] {
        debug("   exchange type: ISAKMP_v2_\(exchange.name) (0x\(String(exchange.rawValue, radix: 16)))", view)
    }

    // MARK: Session resumption

    func renderTicket(_ event: Event, _ view: any DaemonView) -> [DialectEffect] {
        switch event {
        case .ticketRequested(let ike): return tell(ike, Wording.ticketRequested, view)
        case .ticketReceived(let ike, _, _): return tell(ike, Wording.ticketReceived, view)
        case .ticketIssued(let ike, let keyNumber, let octets, let lifetime):
            return tell(
                ike, Wording.ticketIssued(keyNumber: keyNumber, octets: octets, lifetimeSeconds: lifetime), view)
        case .ticketAccepted(let ike, let keyNumber):
            return tell(ike, Wording.ticketAccepted(keyNumber: keyNumber), view)
        case .ticketRefused(let reason, let from):
            return log("packet from \(from): \(Wording.ticketRefused(reason))", view)
        case .ticketNotIssued(let ike, let refused):
            return refused
                ? tell(ike, Wording.ticketNack, view) : debug("#\(number(ike)) the peer issued no ticket", view)
        case .sessionResumed(let ike):
            numbers.update(ike) { $0.processedFirstResponse = true }
            return tell(ike, Wording.processedSessionResume, view)
        case .sessionResumptionRefused(let ike): return tell(ike, Wording.sessionResumptionRefused, view)
        case .ticketUnusable(let connection, let reason):
            return log("\(label(connection, at: nil)): \(Wording.ticketUnusable(reason))", view)
        case .ticketKeyRolled(let number):
            let line = Wording.ticketKeyRolled(number)
            defer { ticketKeyListener = nil }
            return log(line, view) + (ticketKeyListener.map { [.write($0, line + "\n")] } ?? [])
        default: return []
        }
    }

    // MARK: Retransmission and loss

    func renderLoss(_ event: Event, _ view: any DaemonView) -> [DialectEffect] {
        switch event {
        case .retransmitted(let ike, let state, _, _, let next):
            return tell(ike, Wording.retransmission(stateName(ike, state), next: next), view)
        case .retransmissionSuppressed(let ike, let state):
            // To the log alone: pluto's console has it, and every transcript has it taken out.
            return log("\(label(ike) ?? "?"): \(Wording.suppressing(stateName(ike, state)))", view)
        case .timedOut(let ike, let state, let after, let retransmissions):
            return tell(
                ike, Wording.timedOut(state, stateName(ike, state), after: after, retransmissions: retransmissions),
                view)
        case .keyExchangeRefused(let ike, let tried, let suggested, _):
            return tell(ike, Wording.keyExchangeRefused(tried: tried, suggested: suggested), view)
        case .dropped(.unauthenticatedRefusal(let type), .some(let ike), _, .some(let exchange), let payloads):
            let wanted = exchange == .ikeSessionResume ? ["Ni"] : ["SA", "KE", "Ni"]
            let there = payloads.map { String($0.prefix { $0 != "(" }) }
            let missing = wanted.filter { name in !there.contains { $0 == name || name == "Ni" && $0 == "Nr" } }
            return tell(
                ike, Wording.ignoring(exchange, type, messageID: 0, payloads: there, missing: missing), view)
        case .dropped(.unexpectedResponse(let expected), .some(let ike), _, .some(let exchange), _):
            return tell(ike, Wording.unexpectedResponse(exchange, expected: expected), view)
        case .dropped(.integrityFailure, .some(let ike), _, _, _):
            let suite = numbers.ikes[ike]?.suite
            let library = suite.flatMap { $0.integrity == .none ? PlutoPersona.decryptionFailure(of: $0) : nil }
            return (library.map { tell(ike, $0, view) } ?? []) + tell(ike, Wording.corruptMessage, view)
        // It is repeated as long as it is not answered.
        case .dropped(.requestWaits, _, _, _, _): return []
        case .dropped(let reason, let ike, let from, let exchange, _):
            let text = "dropping \(exchange?.name ?? "packet"): \(Wording.reason(reason))"
            guard let ike else { return log("packet from \(from): \(text)", view) }
            return log("\(label(ike) ?? "packet from \(from)"): \(text)", view)
        case .livenessConfirmed(let ike): return debug("#\(number(ike)) the peer is alive", view)
        default: return []
        }
    }

    private func stateName(_ ike: IKESAID, _ state: IKEState) -> String {
        StateName.short(state, processed: numbers.ikes[ike]?.processedFirstResponse ?? false)
    }

    // MARK: Connections

    func renderConnection(_ event: Event, _ view: any DaemonView) -> [DialectEffect] {
        switch event {
        case .alreadyEstablished(let connection, let child):
            let number = numbers.children[child]?.number ?? 0
            return tell("\(label(connection, at: nil)) #\(number): connection is already up", connection, view)
        case .cannotInitiate(let connection, _):
            return tell(
                "\(label(connection, at: nil)): \(Wording.cannotInitiate(serial: connection.number))", connection, view)
        case .terminating(let connection, let ike, let children):
            let text = Wording.terminating(
                ike: number(ike), children: children.compactMap { numbers.children[$0]?.number })
            let address = numbers.ikes[ike]?.remote.address
            return tell("\(label(connection, at: address)): \(text)", connection, view)
        case .terminatingChildren(let connection, let ike, let children):
            let text = Wording.terminatingChildren(
                children.compactMap { numbers.children[$0]?.number }, using: number(ike))
            let address = numbers.ikes[ike]?.remote.address
            return tell("\(label(connection, at: address)): \(text)", connection, view)
        case .nothingToTerminate: return []
        case .revivalScheduled(let connection, let ike, let child, let attempt, let delay):
            revivalOfChild[connection] = child != nil
            let text = Wording.revivalScheduled(attempt: attempt, delay: delay)
            var effects = child.map { tell($0, text, view) } ?? tell(ike, text, view)
            // The Child SA was refused and the IKE SA stays: nothing more comes of this attempt.
            if let child, numbers.children[child]?.rejected ?? false, !impairments.skipRevival {
                effects += finishUp(connection, failed: true)
            }
            return effects
        case .revivalSkipped(_, let ike, let child):
            return child.map { tell($0, Wording.revivalSkipped, view) } ?? tell(ike, Wording.revivalSkipped, view)
        case .revivalTriggered(let connection, let reason, let attempt, let next):
            let text = Wording.revivalTriggered(
                revivalCause(connection, reason), attempt: attempt, next: next, nat: "")
            return tell("\(label(connection, at: nil)): \(text)", connection, view)
        case .streamFailed(let connection, let remote, let failure):
            let line = "\(label(connection, at: nil)): \(Wording.streamFailed(to: remote, failure))"
            let effects =
                log("ERROR: \(line)", view)
                + attachments.listeners(of: connection, role: .initiator).map { .write($0, "ERROR: \(line)\n") }
            // pluto's `up` does not call this a failure (seen in May 2025's transcripts).
            return effects + finishUp(connection, failed: false)
        case .reviving(let connection, let reason):
            let text = Wording.reviving(revivalCause(connection, reason), serial: serial(connection, at: nil))
            return tell("\(label(connection, at: nil)): \(text)", connection, view)
        case .routed(let connection):
            let done = attachments.finish(connection) { $0 == .route }
            return done.map { .finish($0.session, status: $0.failed ? 1 : 0) }
        case .routeFailed(let connection, let reason):
            let line = "\(label(connection, at: nil)): \(Wording.cannotRoute(reason))"
            let effects = tell(line, connection, view)
            let done = attachments.finish(connection, failed: true) { $0 == .route }
            return effects + done.map { .finish($0.session, status: 1) }
        case .acquired(let connection, let packet):
            let text = Wording.acquired(packet)
            return tell("\(label(connection, at: nil)): \(text)", connection, view)
        case .initiationFinished(let connection, let succeeded): return finishUp(connection, failed: !succeeded)
        case .terminationFinished(let connection):
            let done = attachments.finish(connection) { $0 == .down || $0 == .suspend }
            return done.map { .finish($0.session, status: 0) } + forgetInstance(connection)
        case .rekeyFinished(let connection, let succeeded):
            let done = attachments.finish(connection, failed: !succeeded) { $0 == .rekey }
            return done.map { .finish($0.session, status: $0.failed ? 1 : 0) }
        default: return []
        }
    }

    /// An instance is made for an `up` and ends with its `down`.
    private func forgetInstance(_ connection: ConnectionID) -> [DialectEffect] {
        guard let bound = bound(connection), !bound.instance.isEmpty,
            !numbers.ikes.contains(where: { $0.value.connection == connection })
        else { return [] }
        connections.removeAll { $0.id == connection }
        instances.remove(serial: connection.number)
        return [.command(.remove(connection))]
    }

    func revivalCause(_ connection: ConnectionID, _ reason: DeletionReason) -> String {
        let what = revivalOfChild[connection] ?? false ? "Child SA" : "IKE SA"
        switch reason {
        case .failed(.timedOut): return "timeout \(what)"
        case .peerRequest: return "received Delete/Notify"
        default: return "delete \(what)"
        }
    }
}

extension RequestPurpose {
    var exchange: ExchangeType {
        switch self {
        case .ikeSAInit: .ikeSAInit
        case .sessionResume: .ikeSessionResume
        case .intermediate: .ikeIntermediate
        case .ikeAuth, .ikeAuthAlone: .ikeAuth
        case .createChild, .rekeyIKE: .createChildSA
        case .deleteIKE, .deleteChildren, .liveness, .updateAddresses, .announceAddresses, .routability, .redirect:
            .informational
        }
    }
}
