import IKEWire
import NetAddress

/// Reads pluto's log or console: `"west-east" #1: sent IKE_SA_INIT request to 192.1.2.23:UDP/500`.
///
/// pluto says what it did, not which message it was: message IDs are counted here, and what a line doesn't show stays unknown.
struct PlutoLog {
    private var facts: InputFacts
    /// By the number of an IKE SA: the last message.
    private var last: [Int: Int] = [:]
    /// The IKE SA of a Child SA, by both numbers.
    private var parents: [Int: Int] = [:]
    private var nextID: [Int: UInt32] = [:]
    private var initiates: [Int: Bool] = [:]
    private var peers: [Int: Substring] = [:]

    static func split(_ line: Substring) -> (number: Int, text: Substring)? {
        guard line.first != "|", let quote = line.firstIndex(of: "\""),
            let (head, text) = line[quote...].parted(by: ": "),
            let hash = head.lastIndex(of: "#"), let number = Int(head[head.index(after: hash)...])
        else { return nil }
        return (number, text)
    }

    static func read(_ text: String, file: String) -> InputFacts {
        var reader = PlutoLog(facts: InputFacts(file, .pluto))
        for (index, line) in text.logLines.enumerated() {
            if let (number, said) = split(line) { reader.take(number, said, LogPosition(file, line: index + 1)) }
        }
        return reader.facts
    }

    private init(facts: InputFacts) { self.facts = facts }

    private func ike(_ number: Int) -> Int { parents[number] ?? number }

    /// `192.1.2.23:UDP/500`, `192.1.2.23:500`.
    private static func address(_ text: Substring) -> Substring {
        let word = text.prefix { !" ;,".contains($0) }
        if word.first == "[" { return word.between("[", "]") ?? word }
        return word.prefix { $0 != ":" }
    }

    private static func exchange(_ name: some StringProtocol) -> ExchangeType? {
        ExchangeType.names.first { $0.value == name }.map { ExchangeType($0.key) }
    }

    @discardableResult
    private mutating func message(
        _ exchange: ExchangeType, response: Bool, sent: Bool, _ number: Int, _ position: LogPosition, id: UInt32? = nil
    ) -> Int {
        let sa = ike(number)
        if exchange == .ikeSAInit || exchange == .ikeSessionResume {
            initiates[sa] = sent != response
            nextID[sa] = 0
        } else if !response && (sent || exchange == .ikeAuth) {
            nextID[sa, default: 0] += 1
        }
        // The peer's own requests have numbers of their own (RFC 7296 §2.2), which no line shows.
        let counted = sent != response || exchange == .ikeAuth || exchange == .ikeSAInit ? nextID[sa] : nil
        var message = LoggedMessage(position, exchange, isResponse: response, messageID: id ?? counted)
        message.session = "\(sa)"
        message.sighting = sent ? .sent : .received
        message.isFromInitiator = initiates[sa].map { $0 == sent }
        if let peer = peers[sa] {
            if sent { message.destination = String(peer) } else { message.source = String(peer) }
        }
        last[sa] = facts.messages.count
        facts.messages.append(message)
        return facts.messages.count - 1
    }

    private mutating func take(_ number: Int, _ said: Substring, _ position: LogPosition) {
        if let rest = said.after("sent "), let (name, behind) = rest.parted(by: " "), let exchange = Self.exchange(name)
        {
            sent(exchange, behind, number, position)
        } else if let rest = said.after("processed ") ?? said.after("processing "),
            let exchange = Self.exchange(rest.prefix { $0 != " " }),
            let (_, behind) = rest.parted(by: " response from ")
        {
            if !said.hasPrefix("processed ") && last[ike(number)].map({ facts.messages[$0].isResponse }) == true {
                return
            }
            let at = message(exchange, response: true, sent: false, number, position)
            if let list = behind.between("{", "}"), said.hasPrefix("processed ") { chosen(list, .ike, at, position) }
        } else if let (head, behind) = said.parted(by: " request from "), let name = head.split(separator: " ").last,
            head.hasPrefix("process"), let exchange = Self.exchange(name)
        {
            peers[ike(number)] = Self.address(behind)
            let at = message(exchange, response: false, sent: false, number, position)
            if let list = behind.parted(by: "containing ")?.behind {
                facts.messages[at].payloads = Self.payloads(list)
                facts.messages[at].notifies = Self.notifies(list)
            }
        } else if let rest = said.after("proposal "),
            let (_, remote) = rest.parted(by: " chosen from remote proposals ")
        {
            if let at = last[ike(number)] { facts.messages[at].proposals = Self.remoteProposals(remote) }
        } else if let rest = said.after("responding to "), let (name, behind) = rest.parted(by: " message (ID "),
            let exchange = Self.exchange(name), let type = behind.parted(by: " notification ")?.behind
        {
            refused(exchange, behind, type, number, position)
        } else if let type = said.parted(by: " response rejected Child SA with ")?.behind {
            fail(.ikeAuth, type, number, position)
        } else if let type = said.after("CREATE_CHILD_SA failed with error notification ") {
            fail(.createChildSA, type, number, position)
        } else if let type = said.after("IKE SA authentication request rejected by peer: ") {
            fail(.ikeAuth, type, number, position)
        } else if let rest = said.after("ignoring IKE_SA_INIT response containing ") {
            fail(.ikeSAInit, rest.prefix { $0 != " " }, number, position)
        } else if let rest = said.after("Received unauthenticated INVALID_KE_PAYLOAD response to DH ") {
            otherGroup(rest, number, position)
        } else if said.hasPrefix("initiator processed IKE_SESSION_RESUME") {
            message(.ikeSessionResume, response: true, sent: false, number, position)
        } else if said.hasPrefix("received TICKET_NACK notification response") {
            let at = message(.ikeSessionResume, response: true, sent: false, number, position)
            facts.messages[at].notifies = [LoggedMessage.Notify(.ticketNack, data: [])]
        } else {
            state(said, number, position)
        }
    }

    private mutating func sent(_ exchange: ExchangeType, _ behind: Substring, _ number: Int, _ position: LogPosition) {
        if let rest = behind.parted(by: "request to ")?.behind ?? behind.parted(by: "response to ")?.behind,
            rest.first?.isHexDigit == true || rest.first == "["
        {
            peers[ike(number)] = Self.address(rest)
        }
        if exchange == .createChildSA, let of = behind.parted(by: "using IKE SA #")?.behind,
            let parent = Int(of.prefix(while: \.isNumber))
        {
            parents[number] = ike(parent)
        }
        if let child = behind.parted(by: "Child SA #")?.behind, exchange == .ikeAuth,
            let own = Int(child.prefix(while: \.isNumber))
        {
            parents[own] = number
        }
        let isResponse = behind.hasPrefix("response")
        let at = message(exchange, response: isResponse, sent: true, number, position)
        if behind.contains("to rekey Child SA") {
            facts.messages[at].notifies.append(LoggedMessage.Notify(.rekeySA))
        }
        if let list = behind.between("{", "}"), isResponse { chosen(list, .ike, at, position) }
        selectors(behind, at)
    }

    /// `[192.0.1.0/24===192.0.2.0/24]`: this end's, the peer's.
    private mutating func selectors(_ text: Substring, _ at: Int) {
        guard let (before, after) = text.parted(by: "==="), let open = before.lastIndex(of: "[") else { return }
        let own = IPPrefix(String(before[before.index(after: open)...].prefix { $0 != " " }))
        let peer = IPPrefix(String(after.prefix { $0 != "]" && $0 != " " }))
        guard let own, let peer else { return }
        // Of a Child SA the initiator is who asked for it.
        let asked = facts.messages[at].isResponse == (facts.messages[at].sighting == .received)
        facts.messages[at].initiatorSelectors = [TrafficSelector(asked ? own : peer)]
        facts.messages[at].responderSelectors = [TrafficSelector(asked ? peer : own)]
    }

    /// `cipher=AES_GCM_16_256 integ=n/a prf=HMAC_SHA2_512 group=DH19`.
    private mutating func chosen(_ list: Substring, _ protocolID: ProtocolID, _ at: Int, _ position: LogPosition) {
        var proposal = LoggedProposal(protocolID)
        for pair in list.split(separator: " ") {
            guard let (name, value) = pair.parted(by: "=") else { continue }
            let text = String(value)
            let transform: LoggedTransform? =
                switch name {
                case "cipher": TransformWords.cipher(text)
                case "integ": value == "n/a" ? nil : TransformWords.charon(text)
                case "prf": TransformWords.charon("PRF_" + text)
                case "group", "ke": TransformWords.plutoGroup(text).map { LoggedTransform(.keyExchange, $0) }
                default: nil
                }
            if let transform { proposal.transforms.append(transform) }
        }
        if proposal.transforms.isEmpty { return }
        facts.messages[at].remarks.append(Remark(position, .chosen(proposal)))
    }

    /// `1:IKE:ENCR=AES_GCM_16_128;PRF=HMAC_SHA1;DH=MODP2048[first-match] 2:IKE:…`.
    private static func remoteProposals(_ text: Substring) -> [LoggedProposal] {
        text.split(separator: " ").compactMap { word in
            let parts = word.split(separator: ":", maxSplits: 2)
            guard parts.count == 3 else { return nil }
            var proposal = LoggedProposal(parts[1] == "IKE" ? .ike : parts[1] == "AH" ? .ah : .esp)
            for pair in parts[2].prefix(while: { $0 != "[" }).split(separator: ";") {
                guard let (name, value) = pair.parted(by: "=") else { continue }
                let transform: LoggedTransform? =
                    switch name {
                    case "ENCR": TransformWords.cipher(String(value))
                    case "PRF": TransformWords.charon("PRF_\(value)")
                    case "INTEG": TransformWords.charon(value)
                    case "DH", "KE": TransformWords.plutoGroup(value).map { LoggedTransform(.keyExchange, $0) }
                    case "ESN": LoggedTransform(.extendedSequenceNumbers, value == "YES" ? 1 : 0)
                    default: nil
                    }
                if let transform { proposal.transforms.append(transform) }
            }
            return proposal
        }
    }

    private static func payloads(_ list: Substring) -> [String] {
        let inside = list.after("SK{").map { $0.prefix { $0 != "}" } } ?? list.prefix { $0 != " " }
        return inside.split(separator: ",").map(String.init)
    }

    private static func notifies(_ list: Substring) -> [LoggedMessage.Notify] {
        payloads(list).compactMap { name in
            name[...].between("N(", ")").flatMap { type($0) }.map { LoggedMessage.Notify($0) }
        }
    }

    private static func type(_ name: Substring) -> NotifyType? {
        NotifyType.names.first { $0.value == name.prefix { $0 != " " && $0 != "(" } }.map { NotifyType($0.key) }
    }

    /// A refusal of this end.
    private mutating func refused(
        _ exchange: ExchangeType, _ behind: Substring, _ type: Substring, _ number: Int, _ position: LogPosition
    ) {
        let sa = ike(number)
        if let from = behind.parted(by: " from ")?.behind { peers[sa] = Self.address(from) }
        let id = UInt32(behind.prefix(while: \.isNumber))
        if last[sa].map({ facts.messages[$0].exchange == exchange && !facts.messages[$0].isResponse }) != true {
            message(exchange, response: false, sent: false, number, position, id: id)
        }
        let at = message(exchange, response: true, sent: true, number, position, id: id)
        if let type = Self.type(type) { facts.messages[at].notifies.append(LoggedMessage.Notify(type)) }
    }

    /// A refusal of the peer.
    private mutating func fail(_ exchange: ExchangeType, _ type: Substring, _ number: Int, _ position: LogPosition) {
        guard let type = Self.type(type) else { return }
        let sa = ike(number)
        var at = last[sa]
        if at.map({ facts.messages[$0].exchange == exchange && facts.messages[$0].isResponse }) != true {
            at = message(exchange, response: true, sent: false, number, position)
        }
        if let at { facts.messages[at].notifies.append(LoggedMessage.Notify(type)) }
    }

    private mutating func otherGroup(_ rest: Substring, _ number: Int, _ position: LogPosition) {
        guard let (sent, behind) = rest.parted(by: ";"), let own = behind.parted(by: "suggested DH ")?.behind,
            let group = TransformWords.plutoGroup(own)
        else { return }
        if let request = last[ike(number)] { facts.messages[request].group = TransformWords.plutoGroup(sent) }
        let at = message(.ikeSAInit, response: true, sent: false, number, position)
        facts.messages[at].notifies = [
            LoggedMessage.Notify(.invalidKEPayload, data: [UInt8(group >> 8), UInt8(group & 0xff)])
        ]
    }

    private mutating func state(_ said: Substring, _ number: Int, _ position: LogPosition) {
        let sa = ike(number)
        if said.contains(" established Child SA using #") || said.contains(" rekeyed Child SA #"),
            let (role, rest) = said.parted(by: " "), let of = rest.parted(by: " using #")?.behind,
            let parent = Int(of.prefix(while: \.isNumber))
        {
            parents[number] = ike(parent)
            established(role == "initiator", rest, number, position)
        } else if said.contains(" established IKE SA; authenticated peer") {
            if let at = last[sa], said.hasPrefix("initiator"), !facts.messages[at].isResponse {
                message(.ikeAuth, response: true, sent: false, number, position)
            }
            if let at = last[sa] {
                facts.messages[at].remarks.append(Remark(position, .ikeEstablished))
                if said.contains("authby=secret") {
                    facts.messages[at].remarks.append(Remark(position, .authentication("pre-shared key")))
                }
                let id = said.parted(by: " '")?.behind.parted(by: "'")?.before
                if initiates[sa] == true { facts.messages[at].responderID = id.map(String.init) }
                if initiates[sa] == false { facts.messages[at].initiatorID = id.map(String.init) }
            }
        } else if let at = last[sa] {
            if said.contains("retransmission; will wait") {
                facts.messages[at].remarks.append(Remark(position, .retransmission))
            } else if said.hasPrefix("authentication failed") || said.contains("second timeout exceeded")
                || said.hasPrefix("no local proposal matches") || said.hasPrefix("no proposal")
            {
                facts.messages[at].remarks.append(Remark(position, .reason(String(said))))
            }
        }
    }

    private mutating func established(_ asked: Bool, _ rest: Substring, _ number: Int, _ position: LogPosition) {
        let sa = ike(number)
        guard let before = last[sa] else { return }
        var at = before
        if asked, !facts.messages[at].isResponse {
            at = message(facts.messages[at].exchange, response: true, sent: false, number, position)
        }
        facts.messages[at].remarks.append(Remark(position, .childEstablished))
        selectors(rest, at)
        // `xfrm=AES_GCM_16_256-NONE-DH19`.
        guard let suite = rest.parted(by: "xfrm=")?.behind.prefix(while: { $0 != " " && $0 != "}" }) else { return }
        var proposal = LoggedProposal(.esp)
        for word in suite.split(separator: "-") {
            if let group = TransformWords.plutoGroup(word), word != "NONE" {
                proposal.transforms.append(LoggedTransform(.keyExchange, group))
            } else if let transform = TransformWords.charon(word) {
                proposal.transforms.append(transform)
            }
        }
        let isExtended = rest.contains("/ESN=>")
        proposal.transforms.append(LoggedTransform(.extendedSequenceNumbers, isExtended ? 1 : 0))
        facts.messages[at].remarks.append(Remark(position, .chosen(proposal)))
    }
}
