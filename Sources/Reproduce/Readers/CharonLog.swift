import IKEWire
import LineGrammars
import NetAddress

/// Reads charon's log of any level: `12[ENC] <gw|1> parsed IKE_SA_INIT request 0 [ SA KE No ]`.
///
/// A message is known by its line of subsystem ENC; the addresses by that of NET, before it where it came in, behind it where it
/// went out. What is said between belongs to the message before.
struct CharonLog {
    private var facts: InputFacts
    /// By session: the index of the last message, and addresses that wait for theirs.
    private var last: [String: Int] = [:]
    private var arrived: [String: (from: Substring, to: Substring)] = [:]
    private var configured: [String: [LoggedProposal]] = [:]
    private var thisEndInitiates: [String: Bool] = [:]
    private var deletes: [String: ProtocolID] = [:]
    /// `<1>` becomes `<gw|1>` when a connection has been chosen: the number is what stays.
    private var session = ""

    private init(_ file: String) { facts = InputFacts(file, .charon) }

    /// The subsystem, and the rest of the line; nil for a line of another grammar.
    static func split(_ line: Substring) -> (subsystem: Substring, text: Substring)? {
        // swanctl repeats them without the thread: `[IKE] initiating …`.
        if line.first == "[", line.dropFirst(4).hasPrefix("] "), line.dropFirst().prefix(3).allSatisfy(\.isUppercase) {
            return (line.dropFirst().prefix(3), line.dropFirst(6))
        }
        var rest = line
        while let bracket = rest.firstIndex(of: "[") {
            let tag = rest[rest.index(after: bracket)...].prefix(4)
            let digits = rest[..<bracket].suffix(2)
            if tag.count == 4, tag.last == "]", tag.dropLast().allSatisfy(\.isUppercase), digits.count == 2,
                digits.allSatisfy(\.isNumber)
            {
                return (tag.dropLast(), rest[tag.endIndex...].drop { $0 == " " })
            }
            rest = rest[rest.index(after: bracket)...]
        }
        return nil
    }

    static func read(_ text: String, file: String) -> InputFacts {
        var reader = CharonLog(file)
        for (index, line) in text.logLines.enumerated() {
            guard let (subsystem, said) = split(line) else { continue }
            reader.take(String(subsystem), said, LogPosition(file, line: index + 1))
        }
        return reader.facts
    }

    private mutating func take(_ subsystem: String, _ said: Substring, _ position: LogPosition) {
        var said = said
        session = ""
        if said.first == "<", let end = said.firstIndex(of: ">") {
            let name = said[said.index(after: said.startIndex)..<end]
            session = String(name.split(separator: "|").last ?? name)
            said = said[said.index(after: end)...].drop { $0 == " " }
        }
        switch subsystem {
        case "ENC": message(said, position)
        case "NET": packet(said)
        case "CFG": configuration(said, position)
        case "IKE", "CHD": remark(said, position)
        case "MGR":
            guard let spis = said.parted(by: "with SPIs ")?.behind, let index = last[session] else { return }
            let words = spis.split(separator: " ")
            guard words.count == 2, let initiator = UInt64(words[0].dropLast(2), radix: 16),
                let responder = UInt64(words[1].dropLast(2), radix: 16)
            else { return }
            facts.messages[index].initiatorSPI = IKESPI(initiator)
            facts.messages[index].responderSPI = IKESPI(responder)
        default: break
        }
    }

    // MARK: Messages

    private mutating func message(_ said: Substring, _ position: LogPosition) {
        let isOurs = said.hasPrefix("generating ")
        guard let rest = said.after("generating ") ?? said.after("parsed ") else { return }
        let words = rest.split(separator: " ", maxSplits: 3)
        guard words.count >= 3, words[1] == "request" || words[1] == "response", let id = UInt32(words[2]),
            let exchange = ExchangeType.names.first(where: { $0.value == words[0] })?.key
        else { return }
        var message = LoggedMessage(
            position, ExchangeType(exchange), isResponse: words[1] == "response", messageID: id)
        message.sighting = isOurs ? .sent : .received
        message.session = session
        if exchange == ExchangeType.ikeSAInit.rawValue { thisEndInitiates[session] = isOurs != message.isResponse }
        message.isFromInitiator = thisEndInitiates[session].map { $0 == isOurs }
        if words.count == 4, let list = words[3].between("[", "]") {
            let names = list.split(separator: " ")
            message.payloads = names.map { Self.payload($0, isResponse: message.isResponse) }
            message.notifies = names.compactMap { $0.between("N(", ")").map { LoggedMessage.Notify(Self.notify($0)) } }
        }
        if isOurs, !message.isResponse, message.payloads?.contains("SA") == true {
            message.proposals = configured.removeValue(forKey: session) ?? []
        }
        if isOurs, message.payloads?.contains("D") == true { message.deletes = deletes.removeValue(forKey: session) }
        if !isOurs, let (from, to) = arrived.removeValue(forKey: session) {
            (message.source, message.destination) = (String(from), String(to))
        }
        last[session] = facts.messages.count
        facts.messages.append(message)
    }

    private static func payload(_ name: Substring, isResponse: Bool) -> String {
        if let notify = name.between("N(", ")") { return "N(\(Self.notify(notify)))" }
        switch name {
        case "No": return isResponse ? "Nr" : "Ni"
        case let name where name.hasPrefix("CP"): return "CP"
        default: return String(name)
        }
    }

    private static let numbers = Dictionary(
        CharonWords.notifies.map { ($0.value, $0.key) }, uniquingKeysWith: { first, _ in first })

    private static func notify(_ name: Substring) -> NotifyType {
        NotifyType(numbers[String(name)] ?? UInt16(name) ?? 0)
    }

    /// `sending packet: from 192.0.2.1[500] to 192.0.2.2[500] (464 bytes)`.
    private mutating func packet(_ said: Substring) {
        guard let rest = said.parted(by: " packet: from ")?.behind, let (from, behind) = rest.parted(by: "["),
            let to = behind.parted(by: " to ")?.behind.parted(by: "[")?.before
        else { return }
        if said.hasPrefix("received") {
            arrived[session] = (from, to)
        } else if said.hasPrefix("sending"), let index = last[session], facts.messages[index].sighting == .sent,
            facts.messages[index].source == nil
        {
            (facts.messages[index].source, facts.messages[index].destination) = (String(from), String(to))
        }
    }

    // MARK: What is said between

    private mutating func add(_ content: Remark.Content, _ position: LogPosition) {
        let remark = Remark(position, content)
        if let index = last[session] {
            facts.messages[index].remarks.append(remark)
        } else {
            facts.remarks.append(remark)
        }
    }

    private mutating func configuration(_ said: Substring, _ position: LogPosition) {
        if let text = said.after("received proposals: "), let index = last[session] {
            if facts.messages[index].proposals.isEmpty {
                facts.messages[index].proposals = TransformWords.charonProposals(text)
            }
        } else if let text = said.after("configured proposals: ") {
            let proposals = TransformWords.charonProposals(text)
            if let index = last[session], facts.messages[index].sighting == .received,
                !facts.messages[index].isResponse
            {
                add(.ownProposals(proposals), position)
            } else {
                configured[session] = proposals
            }
        } else if let text = said.after("selected proposal: "),
            let proposal = TransformWords.charonProposals(text).first
        {
            add(.chosen(proposal), position)
        } else if let rest = said.after("looking for peer configs matching ") {
            identities(rest)
        } else if said.hasPrefix("no matching peer config") || said.hasPrefix("no IKE config found") {
            add(.reason(String(said)), position)
        } else if let rest = said.trimmed.after("config: "), said.hasSuffix("no match"),
            let config = rest.parted(by: ",")?.before
        {
            add(.reason("no match for \(config)"), position)
        }
    }

    /// `192.0.2.1[east]...192.0.2.2[west]`: this end, the peer.
    private mutating func identities(_ text: Substring) {
        guard let index = last[session], let (own, peer) = text.parted(by: "...") else { return }
        let ids = [own.between("[", "]"), peer.between("[", "]")].map { $0.map(String.init) }
        let isInitiator = thisEndInitiates[session] ?? !facts.messages[index].isResponse
        facts.messages[index].initiatorID = isInitiator ? ids[0] : ids[1]
        facts.messages[index].responderID = isInitiator ? ids[1] : ids[0]
    }

    private static let reasons = [
        "no acceptable", "received proposals unacceptable", "tried ", "no shared key found", "failed to establish",
        "giving up", "establishing IKE_SA failed", "DH group ", "peer didn't accept", "no trusted", "no private key",
        "signature validation failed", "EAP method", "CHILD_SA rekeying failed", "expected a ",
    ]

    private mutating func remark(_ said: Substring, _ position: LogPosition) {
        if let rest = said.after("traffic selectors "), let list = rest.parted(by: " unacceptable")?.before,
            let (own, peer) = list.parted(by: " === "), let index = last[session],
            !facts.messages[index].isResponse
        {
            // What the peer asked for: TSr here, TSi there.
            facts.messages[index].responderSelectors = Self.selectors(own)
            facts.messages[index].initiatorSelectors = Self.selectors(peer)
            add(.reason(String(said)), position)
        } else if said.hasPrefix("IKE_SA "), let text = said.parted(by: " established between ")?.behind {
            identities(text)
            add(.ikeEstablished, position)
        } else if said.hasPrefix("IKE_SA "), said.contains(" rekeyed between "), let number = said.between("[", "]"),
            let index = last[session]
        {
            // Whoever asked for it is the new one's initiator (RFC 7296 §1.3.2).
            let message = facts.messages[index]
            thisEndInitiates[String(number)] = message.isResponse == (message.sighting == .received)
        } else if said.hasPrefix("CHILD_SA ") || said.hasPrefix("inbound CHILD_SA "),
            let list = said.parted(by: " and TS ")?.behind, said.parted(by: "} established with ") != nil,
            let (own, peer) = list.parted(by: " === ")
        {
            agree(Self.selectors(own), Self.selectors(peer))
            add(.childEstablished, position)
        } else if let rest = said.after("authentication of '"), let (_, how) = rest.parted(by: "with ") {
            let method = how.hasSuffix(" successful") ? how.dropLast(11) : how
            if !how.hasSuffix("failed") { add(.authentication(String(method)), position) }
        } else if said.hasSuffix("host is behind NAT") || said.contains("host is behind NAT, sending keep alives") {
            // Said of the message that has come.
            let isPeer = said.hasPrefix("remote")
            let message = last[session].map { facts.messages[$0] }
            add(
                .translated(
                    isPeer ? .sender : .receiver, here: isPeer ? message?.source : message?.destination,
                    isCertain: !isPeer), position)
        } else if let what = said.after("sending DELETE for ") {
            // Before the message, as what was received is told behind it.
            deletes[session] = deletes[session] == .ike ? .ike : Self.deleted(what)
        } else if let what = said.after("received DELETE for "), let index = last[session] {
            if facts.messages[index].deletes != .ike { facts.messages[index].deletes = Self.deleted(what) }
        } else if said.hasPrefix("retransmit ") {
            add(.retransmission, position)
        } else if Self.reasons.contains(where: { said.hasPrefix($0) })
            || said.hasPrefix("received ")
                && (said.contains("notify error") || said.contains(", no CHILD_SA built"))
        {
            add(.reason(String(said)), position)
        }
    }

    /// `IKE_SA gw[1]`, `ESP CHILD_SA with SPI c0a80101`, `AH CHILD_SA …`.
    private static func deleted(_ what: Substring) -> ProtocolID {
        what.hasPrefix("IKE_SA") ? .ike : what.hasPrefix("AH ") ? .ah : .esp
    }

    /// What both agreed on: of the exchange in which it was negotiated.
    private mutating func agree(_ own: [TrafficSelector], _ peer: [TrafficSelector]) {
        guard let index = last[session] else { return }
        // In the responder's log the last message is the request, in the initiator's the response.
        let weAskedFor = facts.messages[index].isResponse == (facts.messages[index].sighting == .received)
        facts.messages[index].initiatorSelectors = weAskedFor ? own : peer
        facts.messages[index].responderSelectors = weAskedFor ? peer : own
    }

    private static func selectors(_ text: Substring) -> [TrafficSelector] {
        text.split(separator: " ").compactMap { word in
            let plain = word.prefix { $0 != "[" }
            return IPPrefix(String(plain)).map { TrafficSelector($0) }
        }
    }
}
