package import IKEWire

/// One account of a conversation, made of all that the inputs say: IKE SAs, their exchanges in order, who took part.
package struct Account: Sendable {
    /// Of an IKE SA: who sent the first message of it.
    package enum Role: String, Hashable, Sendable {
        case initiator, responder
        package var other: Role { self == .initiator ? .responder : .initiator }
    }

    /// A request and its answer, as far as the inputs have them.
    package struct Exchange: Sendable {
        package var type: ExchangeType
        package var messageID: UInt32?
        /// Who asked.
        package var requester: Role
        package var request: LoggedMessage?
        package var response: LoggedMessage?

        /// `CREATE_CHILD_SA (message ID 2)`.
        package var title: String { "\(type)" + (messageID.map { " (message ID \($0))" } ?? "") }
        package var position: LogPosition { (request ?? response)!.position }
        /// What refuses it (RFC 7296 §3.10.1).
        package var refusals: [LoggedMessage.Notify] { response?.errors ?? [] }
        /// Whether the request was sent again and no response came. Of a response that nobody logged nothing is known.
        package var isUnanswered: Bool {
            response == nil && remarks.contains { if case .retransmission = $0.content { true } else { false } }
        }
        /// Whether it says nothing but that somebody is there.
        package var isLiveness: Bool {
            guard type == .informational else { return false }
            return request?.payloads == []
                || remarks.contains { if case .liveness = $0.content { true } else { false } }
        }
        /// What was chosen of the offers: the response's SA payload, or what a log says.
        package var chosen: LoggedProposal? {
            if !refusals.isEmpty { return nil }
            if let proposal = response?.proposals.first { return proposal }
            // charon shows the one of the IKE SA and the one of the first Child SA alike.
            let wanted: [ProtocolID] =
                type == .ikeSAInit ? [.ike] : type == .ikeAuth ? [.esp, .ah] : [.ike, .esp, .ah]
            for case .chosen(let proposal) in remarks.map(\.content) where wanted.contains(proposal.protocolID) {
                return proposal
            }
            return nil
        }
        package var remarks: [Remark] { (request?.remarks ?? []) + (response?.remarks ?? []) }
    }

    package struct IKESA: Sendable {
        package var initiatorSPI: IKESPI?
        package var responderSPI: IKESPI?
        package var exchanges: [Exchange] = []
        /// As the inputs write them.
        package var addresses: [Role: String] = [:]
        package var identities: [Role: String] = [:]
        /// Whose log one of the inputs is.
        package var logs: [Role: InputKind] = [:]
        /// How an input tells it from others, where it shows no SPIs: `east.log#1`.
        fileprivate var sessions: Set<String> = []
    }

    package private(set) var sas: [IKESA] = []
    package let inputs: [InputFacts]
    /// Of inputs without SPIs, what was taken for one conversation though an address differs; a sentence each.
    package private(set) var guesses: [String] = []
    /// Addresses that are one end's on both sides of its NAT, by those guesses.
    private var sides: Set<Set<String>> = []

    package init(_ inputs: [InputFacts]) {
        self.inputs = inputs
        for input in inputs {
            var ordinals: [Int] = []
            for message in input.messages {
                let index = sa(of: message, input, &ordinals)
                add(message, input, to: index)
            }
        }
    }

    /// The IKE SA that a message belongs to: by its SPI; without one, by the log's own number, and across logs by addresses and order.
    private mutating func sa(of message: LoggedMessage, _ input: InputFacts, _ ordinals: inout [Int]) -> Int {
        let session = message.session.map { "\(input.file)#\($0)" }
        func enter(_ index: Int) -> Int {
            if let session { sas[index].sessions.insert(session) }
            if !ordinals.contains(index) { ordinals.append(index) }
            return index
        }
        if let session, let known = sas.firstIndex(where: { $0.sessions.contains(session) }) { return enter(known) }
        if let spi = message.initiatorSPI, !spi.isZero,
            let known = sas.firstIndex(where: { $0.initiatorSPI == spi })
        {
            return enter(known)
        }
        // One of another input that nothing tells apart from this one.
        let sender = Self.sender(of: message)
        let addresses = [sender: message.source, sender.other: message.destination]
        func agrees(_ role: Role, _ sa: IKESA) -> Bool {
            guard let address = addresses[role] ?? nil, let known = sa.addresses[role] else { return true }
            return address == known || sides.contains([address, known])
        }
        let strangers = sas.indices.filter { index in
            let sa = sas[index]
            return !ordinals.contains(index) && (sa.initiatorSPI == nil || message.initiatorSPI == nil)
                && !sa.sessions.contains { $0.hasPrefix(input.file + "#") }
                && sa.exchanges.first?.position.file != input.file
        }
        if let other = strangers.first(where: { agrees(sender, sas[$0]) && agrees(sender.other, sas[$0]) }) {
            return enter(other)
        }
        // One end may have another address on the other side of its NAT. Two logs of one end are of two conversations.
        let isOurs = message.sighting == .sent
        let logger = message.sighting == .captured ? nil : isOurs ? sender : sender.other
        for role in [Role.initiator, .responder] {
            guard let address = addresses[role] ?? nil, (addresses[role.other] ?? nil) != nil else { continue }
            let other = strangers.first { index in
                let sa = sas[index]
                let told = sa.exchanges.flatMap(\.translated) + message.translated(from: sender)
                if let logger, sa.logs[logger] != nil { return false }
                return sa.addresses[role.other] != nil && agrees(role.other, sa) && told.contains { $0.role == role }
                    && sa.exchanges.contains {
                        $0.type == message.exchange
                            && Self.mayBe(message.isResponse ? $0.response : $0.request, message)
                    }
            }
            guard let other, let known = sas[other].addresses[role], let first = sas[other].exchanges.first else {
                continue
            }
            sides.insert([address, known])
            guesses.append(
                "that \(first.position) and \(message.position) are of one IKE SA: the \(role.rawValue), \(known) and \(address), is behind a NAT"
            )
            return enter(other)
        }
        sas.append(IKESA())
        return enter(sas.count - 1)
    }

    /// Where a log doesn't show who began, whoever asks is taken for the initiator.
    private static func sender(of message: LoggedMessage) -> Role {
        message.isFromInitiator.map { $0 ? .initiator : .responder } ?? (message.isResponse ? .responder : .initiator)
    }

    private mutating func add(_ message: LoggedMessage, _ input: InputFacts, to index: Int) {
        var sa = sas[index]
        defer { sas[index] = sa }
        if let spi = message.initiatorSPI, !spi.isZero { sa.initiatorSPI = spi }
        if let spi = message.responderSPI, !spi.isZero { sa.responderSPI = spi }
        let sender = Self.sender(of: message)
        if let source = message.source { sa.addresses[sender] = sa.addresses[sender] ?? source }
        if let destination = message.destination {
            sa.addresses[sender.other] = sa.addresses[sender.other] ?? destination
        }
        if let id = message.initiatorID { sa.identities[.initiator] = id }
        if let id = message.responderID { sa.identities[.responder] = id }
        if message.sighting == .sent { sa.logs[sender] = input.kind }
        if message.sighting == .received { sa.logs[sender.other] = input.kind }
        let requester = message.isResponse ? sender.other : sender
        func matches(_ exchange: Exchange) -> Bool {
            exchange.type == message.exchange && exchange.requester == requester
                && (exchange.messageID == message.messageID || exchange.messageID == nil || message.messageID == nil)
        }
        // The same message seen at the other end, or twice in a document.
        let sameFile = { (other: LoggedMessage?) in other?.position.file == message.position.file }
        if message.isResponse {
            if let at = sa.exchanges.lastIndex(where: { matches($0) && $0.response == nil }) {
                sa.exchanges[at].response = message
            } else if let at = sa.exchanges.firstIndex(where: { matches($0) && Self.mayBe($0.response, message) }) {
                sa.exchanges[at].response?.learn(from: message)
            } else {
                sa.exchanges.append(
                    Exchange(
                        type: message.exchange, messageID: message.messageID, requester: requester, request: nil,
                        response: message))
            }
        } else if let at = sa.exchanges.firstIndex(where: {
            matches($0) && Self.mayBe($0.request, message) && (!sameFile($0.request) || !Self.isRetry($0, message))
        }) {
            if sa.exchanges[at].request == nil {
                sa.exchanges[at].request = message
            } else {
                sa.exchanges[at].request?.learn(from: message)
            }
        } else {
            sa.exchanges.append(
                Exchange(
                    type: message.exchange, messageID: message.messageID, requester: requester, request: message,
                    response: nil))
        }
    }

    /// Whether two sightings may be of one message: nothing that both show differs.
    private static func mayBe(_ one: LoggedMessage?, _ other: LoggedMessage) -> Bool {
        guard let one else { return true }
        if let a = one.group, let b = other.group, a != b { return false }
        // A document may cut a dump short.
        if let a = one.payloads, let b = other.payloads, !a.starts(with: b), !b.starts(with: a) { return false }
        return one.errors.map(\.type) == other.errors.map(\.type) || one.payloads == nil || other.payloads == nil
    }

    /// Whether a request is a new attempt: the log has seen the first one refused.
    private static func isRetry(_ exchange: Exchange, _ message: LoggedMessage) -> Bool {
        exchange.response.map { $0.has(.invalidKEPayload) || $0.has(.cookie) } ?? false
    }
}

extension Account.IKESA {
    /// Whether it came up: a log says so, or the responder proved who it is without a refusal of the IKE SA
    /// (RFC 7296 §1.2), or there were exchanges that only an established one has.
    package var isEstablished: Bool {
        exchanges.contains { exchange in
            exchange.remarks.contains { if case .ikeEstablished = $0.content { true } else { false } }
                || exchange.type == .ikeAuth && (exchange.response?.payloads?.contains("AUTH") ?? false)
                || exchange.type == .createChildSA
        }
    }

    /// Where it failed: the index of the exchange, and what refuses it. A request that was tried again with what the refusal asked
    /// for has not failed.
    package var failure: (index: Int, notify: LoggedMessage.Notify, by: Account.Role)? {
        for (index, exchange) in exchanges.enumerated() {
            let isAnswered = exchanges[(index + 1)...].contains {
                $0.type == exchange.type && $0.requester == exchange.requester && $0.refusals.isEmpty
                    && $0.response != nil
            }
            for refusal in exchange.refusals {
                let asksForMore = refusal.type == .invalidKEPayload || refusal.type == .temporaryFailure
                if asksForMore && isAnswered { continue }
                return (index, refusal, exchange.requester.other)
            }
            // An initiator that refuses what the responder said tells it by a request of its own (RFC 7296 §2.21.2).
            if exchange.type == .informational, let refusal = exchange.request?.errors.first {
                return (index, refusal, exchange.requester)
            }
        }
        return nil
    }
}

extension LoggedMessage {
    /// Takes over what another sighting of the same message shows beside this one.
    mutating func learn(from other: LoggedMessage) {
        if (payloads?.count ?? -1) < (other.payloads?.count ?? -1) { payloads = other.payloads }
        if proposals.isEmpty { proposals = other.proposals }
        group = group ?? other.group
        replacementSPI = replacementSPI ?? other.replacementSPI
        if initiatorSelectors.isEmpty { initiatorSelectors = other.initiatorSelectors }
        if responderSelectors.isEmpty { responderSelectors = other.responderSelectors }
        initiatorID = initiatorID ?? other.initiatorID
        responderID = responderID ?? other.responderID
        if notifies.count < other.notifies.count { notifies = other.notifies }
        for index in notifies.indices where notifies[index].data == nil {
            notifies[index].data = other.notifies.first { $0.type == notifies[index].type }?.data
        }
        deletes = deletes ?? other.deletes
        initiatorSPI = initiatorSPI ?? other.initiatorSPI
        responderSPI = responderSPI ?? other.responderSPI
        var other = other
        other.learnTranslation(source: source, destination: destination)
        learnTranslation(source: other.source, destination: other.destination)
        remarks += other.remarks
        source = source ?? other.source
        destination = destination ?? other.destination
    }
}
