import IKEWire
import NetAddress

/// Reads `debug crypto ikev2` of an ASA or of IOS, and the configurations that stand beside it. Both print messages alike: a
/// header (`Next payload: SA, version: 2.0 Exchange type: …`) and a line for each fact of each payload.
///
/// Payloads that follow `Construct …` or `Building packet` go out with the next header; those that follow a header came in with
/// it. Where a header says that it is encrypted, its payloads stand before it (out) or behind it (in).
struct CiscoDebug {
    private let source: CiscoTokens
    private let file: String
    private var facts: InputFacts
    /// The message whose payloads follow.
    private var open: Int?
    /// Payloads that wait for the header of their message.
    private var pending: LoggedMessage?
    private var pendingTime: Int?
    private var spis: (initiator: IKESPI, responder: IKESPI)?
    private var addresses: (from: Substring, to: Substring, sighting: LoggedMessage.Sighting)?
    private var transformOctets = 0
    /// Indices of tokens with `SM Trace`: message ID, SPIs, role.
    private var traces: [Trace] = []

    private struct Trace {
        let index: Int
        let initiator: IKESPI
        let responder: IKESPI
        let isInitiator: Bool
        let messageID: UInt32
    }

    static func read(_ text: String, file: String, kind: InputKind) -> InputFacts {
        let lines = text.logLines
        var reader = CiscoDebug(lines, file, kind)
        reader.findTraces()
        reader.run()
        reader.takeRawDumps(lines)
        reader.placePeers()
        reader.facts.configurations = CiscoConfiguration.read(lines, file: file, kind: kind)
        return reader.facts
    }

    private init(_ lines: [Substring], _ file: String, _ kind: InputKind) {
        source = CiscoTokens(lines)
        self.file = file
        facts = InputFacts(file, kind)
    }

    private func position(_ index: Int) -> LogPosition { LogPosition(file, line: source.tokens[index].line) }

    private func spi(_ index: Int) -> IKESPI? {
        source.word(index).flatMap { UInt64($0, radix: 16) }.map { IKESPI($0) }
    }

    // MARK: State machine lines

    /// `SM Trace-> SA: I_SPI=… R_SPI=… (R) MsgID = 00000002 CurState: …`.
    private mutating func findTraces() {
        for index in source.tokens.indices where source.tokens[index].text == "I_SPI" {
            guard source.stands(["R_SPI"], at: index + 2), source.stands(["MsgID"], at: index + 5),
                let initiator = spi(index + 1), let responder = spi(index + 3), let role = source.word(index + 4),
                let id = source.word(index + 6).flatMap({ UInt32($0, radix: 16) })
            else { continue }
            traces.append(
                Trace(
                    index: index, initiator: initiator, responder: responder, isInitiator: role == "I", messageID: id))
        }
    }

    /// The trace that tells whose message a header is: the nearest with its message ID; where none has it, the nearest.
    private func trace(near index: Int, messageID: UInt32) -> Trace? {
        func nearest(_ traces: [Trace]) -> Trace? { traces.min { abs($0.index - index) < abs($1.index - index) } }
        return nearest(traces.filter { $0.messageID == messageID }) ?? nearest(traces)
    }

    // MARK: The run through all words

    private mutating func run() {
        var index = 0
        while index < source.tokens.count {
            index += max(1, step(index))
        }
    }

    /// - Returns: how many words were understood.
    private mutating func step(_ index: Int) -> Int {
        switch source.tokens[index].text {
        case "Next":
            if source.stands(["Next", "payload"], at: index), source.stands(["version"], at: index + 3) {
                return header(index)
            }
        case "SA", "KE", "N", "VID", "IDi", "IDr", "AUTH", "CFG", "TSi", "TSr", "CERTREQ", "CERT", "ENCR", "DELETE",
            "EAP":
            if source.stands(["Next", "payload"], at: index + 1), source.stands(["reserved"], at: index + 4) {
                payload(String(source.tokens[index].text), index)
                return 4
            }
        case "NOTIFY":
            if source.stands(["Next", "payload"], at: index + 2), let name = source.word(index + 1) {
                notify(String(name), index)
                return 4
            }
        case "I_SPI": open = nil
        case "Construct", "ConstructNotify", "Building": begin(index)
        case "last": if source.stands(["last", "transform"], at: index) { return lastTransform(index) }
        case "Proposal": proposal(index)
        case "type": return transform(index)
        case "DH": if source.stands(["DH", "group"], at: index) { group(index + 2) }
        case "start": if source.stands(["start", "addr"], at: index) { selector(index) }
        case "Received", "Sending": endpoints(index)
        case "Initiator":
            if source.stands(["Initiator", "SPI"], at: index), source.stands(["Responder", "SPI"], at: index + 3),
                let initiator = spi(index + 2), let responder = spi(index + 5)
            {
                spis = (initiator, responder)
            }
        case "Security": return notifyData(index)
        default: break
        }
        words(index)
        return 1
    }

    /// `Next payload: ENCR, version: 2.0 Exchange type: IKE_AUTH, flags: INITIATOR Message id: 1, length: 556`.
    private mutating func header(_ start: Int) -> Int {
        var index = start + 5
        guard source.stands(["Exchange", "type"], at: index), let name = source.word(index + 2),
            let exchange = ExchangeType.names.first(where: { $0.value == name })?.key,
            source.stands(["flags"], at: index + 3)
        else { return 1 }
        index += 4
        var flags: Set<Substring> = []
        while let word = source.word(index), ["INITIATOR", "RESPONDER", "MSG-RESPONSE"].contains(word) {
            flags.insert(word)
            index += 1
        }
        guard source.stands(["Message", "id"], at: index), let id = source.number(index + 2), id >= 0,
            let id = UInt32(exactly: id)
        else { return 1 }
        let isEncrypted = source.word(start + 2) == "ENCR"
        var message = LoggedMessage(
            position(start), ExchangeType(exchange), isResponse: flags.contains("MSG-RESPONSE"), messageID: id)
        message.isFromInitiator = flags.contains("INITIATOR")
        if let spis {
            (message.initiatorSPI, message.responderSPI) = spis
        } else if let trace = trace(near: start, messageID: id) {
            (message.initiatorSPI, message.responderSPI) = (trace.initiator, trace.responder)
        }
        if let addresses {
            (message.source, message.destination) = (String(addresses.from), String(addresses.to))
            message.sighting = addresses.sighting
        }
        let outgoing = takePending(at: start)
        if let outgoing {
            message.sighting = message.sighting ?? .sent
            take(outgoing, into: &message)
        }
        let mayFollow = !isEncrypted || outgoing?.payloads == nil
        (spis, addresses) = (nil, nil)
        facts.messages.append(message)
        open = mayFollow ? facts.messages.count - 1 : nil
        return index + 3 - start
    }

    /// What was built for this header. A document whose columns were mixed shows it somewhere else: then it is left out.
    private mutating func takePending(at index: Int) -> LoggedMessage? {
        defer { (pending, pendingTime) = (nil, nil) }
        guard let pending else { return nil }
        if let built = pendingTime, let sent = source.tokens[index].time, sent < built || sent > built + 5 {
            facts.gaps.append("\(pending.position): a payload dump that belongs to no message shown beside it")
            return nil
        }
        return pending
    }

    private func take(_ built: LoggedMessage, into message: inout LoggedMessage) {
        message.payloads = built.payloads
        message.proposals = built.proposals
        message.group = built.group
        message.initiatorSelectors = built.initiatorSelectors
        message.responderSelectors = built.responderSelectors
        message.notifies = built.notifies
        message.remarks += built.remarks
    }

    private mutating func begin(_ index: Int) {
        open = nil
        if pending == nil {
            pending = LoggedMessage(position(index), ExchangeType(0), isResponse: false, messageID: nil)
            pendingTime = source.tokens[index].time
        }
    }

    // MARK: Payloads

    /// Changes the message that payloads belong to at this place.
    private mutating func edit(_ index: Int, _ change: (inout LoggedMessage) -> Void) {
        if let open {
            change(&facts.messages[open])
        } else {
            begin(index)
            change(&pending!)
        }
    }

    private mutating func payload(_ name: String, _ index: Int) {
        if name == "ENCR" { return }
        edit(index) { message in
            let names = ["N": message.isResponse ? "Nr" : "Ni", "VID": "V", "CFG": "CP", "DELETE": "D"]
            message.payloads = (message.payloads ?? []) + [names[name] ?? name]
        }
    }

    private mutating func notify(_ name: String, _ index: Int) {
        let number =
            NotifyWords.cisco[name] ?? NotifyType.names.first { $0.value == name }?.key ?? 0
        edit(index) { message in
            message.payloads = (message.payloads ?? []) + ["N(\(NotifyType(number)))"]
            message.notifies.append(LoggedMessage.Notify(NotifyType(number)))
        }
    }

    /// `Security protocol id: ESP, spi size: 0, type: INVALID_KE_PAYLOAD` and, behind it, octets.
    private mutating func notifyData(_ index: Int) -> Int {
        guard source.stands(["Security", "protocol", "id"], at: index), source.stands(["spi", "size"], at: index + 4),
            source.stands(["type"], at: index + 7)
        else { return 1 }
        var octets: [UInt8] = []
        var next = index + 9
        while let word = source.word(next), word.count == 2, let octet = UInt8(word, radix: 16) {
            octets.append(octet)
            next += 1
        }
        if !octets.isEmpty {
            edit(index) { message in
                if !message.notifies.isEmpty { message.notifies[message.notifies.count - 1].data = octets }
            }
        }
        return next - index
    }

    private mutating func proposal(_ index: Int) {
        guard source.stands(["Protocol", "id"], at: index + 2), let name = source.word(index + 4) else { return }
        let protocolID: ProtocolID = name == "IKE" ? .ike : name == "AH" ? .ah : .esp
        edit(index) { $0.proposals.append(LoggedProposal(protocolID)) }
    }

    /// `last transform: 0x3, reserved: 0x0: length: 12`: with 12 octets it has an attribute (RFC 7296 §3.3.2).
    private mutating func lastTransform(_ index: Int) -> Int {
        guard source.stands(["length"], at: index + 5), let octets = source.number(index + 6) else { return 1 }
        transformOctets = octets
        return 7
    }

    /// `type: 1, reserved: 0x0, id: AES-CBC`.
    private mutating func transform(_ index: Int) -> Int {
        guard source.stands(["reserved"], at: index + 2), source.stands(["id"], at: index + 4),
            let number = source.number(index + 1), let type = UInt8(exactly: number)
        else { return 1 }
        let words = (5..<9).compactMap { source.word(index + $0).map(String.init) }
        guard
            let transform = TransformWords.cisco(TransformType(type), words, hasAttribute: transformOctets > 8)
        else {
            facts.gaps.append("\(position(index)): a transform that is not known here: \(words.first ?? "")")
            return 1
        }
        edit(index) { message in
            if !message.proposals.isEmpty {
                message.proposals[message.proposals.count - 1].transforms.append(transform)
            }
        }
        return 6
    }

    private mutating func group(_ index: Int) {
        guard source.stands(["Reserved"], at: index + 1),
            let group = source.number(index).flatMap({ UInt16(exactly: $0) })
        else { return }
        edit(index) { $0.group = group }
    }

    /// `TS type: TS_IPV4_ADDR_RANGE, proto id: 0, length: 16 start port: 0, end port: 65535 start addr: A, end addr: B`.
    private mutating func selector(_ index: Int) {
        guard source.stands(["end", "addr"], at: index + 3),
            let first = source.word(index + 2).flatMap({ IPAddress(String($0)) }),
            let last = source.word(index + 5).flatMap({ IPAddress(String($0)) }), let range = IPRange(first, last)
        else { return }
        var selector = TrafficSelector(range)
        if source.stands(["start", "port"], at: index - 6), source.stands(["end", "port"], at: index - 3),
            let start = source.number(index - 4).flatMap({ UInt16(exactly: $0) }),
            let end = source.number(index - 1).flatMap({ UInt16(exactly: $0) })
        {
            (selector.startPort, selector.endPort) = (start, end)
        }
        if source.stands(["proto", "id"], at: index - 11),
            let number = source.number(index - 9).flatMap({ UInt8(exactly: $0) })
        {
            selector.ipProtocol = number
        }
        edit(index) { message in
            switch message.payloads?.last {
            case "TSi": message.initiatorSelectors.append(selector)
            case "TSr": message.responderSelectors.append(selector)
            default: break
            }
        }
    }

    // MARK: Words between

    /// `Received Packet [From A:500/To B:500/VRF i0:f0]`, `Sending Packet [To A:500/From B:500/…]`.
    private mutating func endpoints(_ index: Int) {
        let isReceived = source.tokens[index].text == "Received"
        guard source.stands(["Packet", isReceived ? "From" : "To"], at: index + 1),
            source.stands([isReceived ? "To" : "From"], at: index + 5), let first = source.word(index + 3),
            let second = source.word(index + 6)
        else { return }
        addresses = isReceived ? (first, second, .received) : (second, first, .sent)
    }

    /// Lines that give a reason or tell of a state, by their first words.
    private static let phrases: [(words: [String], content: Remark.Content)] = {
        func reason(_ text: String) -> ([String], Remark.Content) {
            (text.split(separator: " ").map(String.init), .reason(text))
        }
        return [
            reason("The peer's KE payload contained the wrong DH group"), reason("Create child exchange failed"),
            reason("IPSec SA create failed"), reason("Child SA rekey failure reported"),
            reason("Failed to find a matching policy"), reason("Auth exchange failed"),
            reason("Failed to authenticate the IKE SA"), reason("There was no IPSEC policy found"),
            reason("No proposal chosen"), reason("Failed SA init exchange"), reason("Initial exchange failed"),
            reason("Detected unsupported failover version"), reason("Maximum number of retransmissions reached"),
            (["Received", "DPD", "liveness", "query"], .liveness),
            (["CurState", "READY", "Event", "EV_I_OK"], .ikeEstablished),
            (["CurState", "READY", "Event", "EV_R_OK"], .ikeEstablished),
            (["Auth", "method", "PSK"], .authentication("pre-shared key")),
        ]
    }()

    private mutating func words(_ index: Int) {
        for (words, content) in Self.phrases where source.stands(words, at: index) { add(content, index) }
        if source.stands(["peer", "sent", "group"], at: index),
            source.stands(["local", "policy", "prefers"], at: index + 4),
            let sent = source.number(index + 3).flatMap({ UInt16(exactly: $0) }),
            let own = source.number(index + 8).flatMap({ UInt16(exactly: $0) })
        {
            add(.groupPreferred(sent: sent, own: own), index)
        }
    }

    private mutating func add(_ content: Remark.Content, _ index: Int) {
        let remark = Remark(position(index), content)
        if facts.messages.isEmpty {
            facts.remarks.append(remark)
        } else {
            facts.messages[facts.messages.count - 1].remarks.append(remark)
        }
    }

    // MARK: Afterwards

    /// Raw packet dumps say what no line repeats: they are read by the parser of the wire. One that is cut off says nothing.
    private mutating func takeRawDumps(_ lines: [Substring]) {
        for (message, line) in RawDump.messages(lines) {
            let header = message.header
            let index = facts.messages.firstIndex {
                $0.exchange == header.exchangeType && $0.messageID == header.messageID
                    && $0.isResponse == header.isResponse && $0.initiatorSPI == header.initiatorSPI
            }
            if index == nil { facts.messages.append(CaptureReading.logged(message, at: LogPosition(file, line: line))) }
        }
    }

    /// A router says whose key it takes, and in the next line of its state machine which end it is.
    private mutating func placePeers() {
        for index in source.tokens.indices where source.stands(["preshared", "key", "by", "address"], at: index) {
            guard let peer = source.word(index + 4), IPAddress(String(peer)) != nil,
                let trace = traces.first(where: { $0.index > index })
            else { continue }
            for at in facts.messages.indices
            where facts.messages[at].initiatorSPI == trace.initiator && facts.messages[at].isFromInitiator != nil {
                // The peer of the initiator is where its messages go, and where the responder's come from.
                let peerSends = facts.messages[at].isFromInitiator != trace.isInitiator
                if peerSends {
                    facts.messages[at].source = facts.messages[at].source ?? String(peer)
                } else {
                    facts.messages[at].destination = facts.messages[at].destination ?? String(peer)
                }
            }
        }
    }
}
