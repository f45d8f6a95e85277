import IKEModel

/// One `--impair NAME[:VALUE]`; in names `-` and `_` are the same.
enum ImpairmentName: Hashable {
    case none
    case suppressRetransmits(Bool)
    case timeoutOnRetransmit(Bool)
    case sendNoDelete(Bool)
    case revival(Bool)
    case corruptTicket(Bool)
    case corruptIncomingSK(Bool)
    case corruptESPKey(Bool)
    /// nil takes it back.
    case ticketLifetime(Duration?)
    /// A timer's event, now.
    case trigger(String)
    /// The revival of the connection with this serial number, now.
    case triggerRevival(UInt64)
    /// A recorded message, now.
    case drip(inbound: Bool, number: Int)
    /// A switch of `switches`.
    case flag(String, Bool)
    /// nil takes it back.
    case selectorCount(initiator: Bool, UInt8?)
    case keyLength(ike: Bool, Impairments.KeyLengthFault?)
    case explicitNoKeyExchange(Bool?)
    case rekeyProtocolID(UInt8?)

    /// Impairments that are on or off and say nothing when they are switched.
    private static let switches: [String: any WritableKeyPath<Impairments, Bool> & Sendable] = [
        "bad-ike-auth-xchg": \.misnameIKEAuthResponse, "replay-encrypted": \.replayEncrypted,
        "corrupt-encrypted": \.corruptEncrypted, "record-outbound": \.recordOutbound,
        "record-inbound": \.recordInbound, "block-outbound": \.blockOutbound, "block-inbound": \.blockInbound,
        "emitting": \.tellsUnknownValues,
    ]

    struct Unknown: Error { var message: String }

    init(_ text: String) throws(Unknown) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let name = String(parts[0].map { $0 == "_" ? "-" : $0 }).lowercased()
        let value = parts.count == 2 ? parts[1] : nil
        func truth() throws(Unknown) -> Bool {
            guard let value else { return true }
            guard let truth = ValueSyntax.truth(value) else {
                throw Unknown(message: "whack error: --impair option '\(text)' has an invalid value '\(value)'")
            }
            return truth
        }
        switch name {
        case "none": self = .none
        case "suppress-retransmits": self = .suppressRetransmits(try truth())
        case "timeout-on-retransmit": self = .timeoutOnRetransmit(try truth())
        case "send-no-delete": self = .sendNoDelete(try truth())
        case "revival": self = .revival(try truth())
        case "corrupt-ticket": self = .corruptTicket(try truth())
        case "corrupt-incoming-sk": self = .corruptIncomingSK(try truth())
        case "corrupt-esp-key": self = .corruptESPKey(try truth())
        case "ticket-lifetime":
            if value == "no" {
                self = .ticketLifetime(nil)
            } else if let value, let duration = ValueSyntax.duration(value) {
                self = .ticketLifetime(duration)
            } else {
                throw Unknown(message: "whack error: --impair option 'ticket-lifetime' needs a number of seconds")
            }
        case "trigger":
            guard let value, value.uppercased() == "EVENT_REINIT_SECRET" else {
                throw Unknown(message: "whack error: --impair option 'trigger' has an invalid value '\(value ?? "")'")
            }
            self = .trigger(value.uppercased())
        case "trigger-revival":
            guard let serial = value.flatMap({ UInt64($0) }) else { throw ImpairmentName.invalid(text, value) }
            self = .triggerRevival(serial)
        case "drip-inbound", "drip-outbound":
            guard let number = value.flatMap({ Int($0) }), number > 0 else { throw ImpairmentName.invalid(text, value) }
            self = .drip(inbound: name == "drip-inbound", number: number)
        case "number-of-tsi-selectors", "number-of-tsr-selectors":
            let isInitiator = name.contains("tsi")
            self = .selectorCount(initiator: isInitiator, try ImpairmentName.number(text, value))
        case "ike-key-length-attribute", "child-key-length-attribute":
            let isIKE = name.hasPrefix("ike")
            switch value {
            case "no": self = .keyLength(ike: isIKE, nil)
            case "omit": self = .keyLength(ike: isIKE, .omitted)
            case "duplicate": self = .keyLength(ike: isIKE, .duplicated)
            case "empty": self = .keyLength(ike: isIKE, .empty)
            default:
                guard let bits = value.flatMap({ UInt16($0) }) else { throw ImpairmentName.invalid(text, value) }
                self = .keyLength(ike: isIKE, .replaced(bits))
            }
        case "v2-proposal-dh":
            switch value {
            case "no": self = .explicitNoKeyExchange(nil)
            case "allow-none": self = .explicitNoKeyExchange(true)
            case "drop-none": self = .explicitNoKeyExchange(false)
            default: throw ImpairmentName.invalid(text, value)
            }
        case "v2n-rekey-sa-protoid": self = .rekeyProtocolID(try ImpairmentName.number(text, value))
        default:
            guard ImpairmentName.switches[name] != nil else {
                throw Unknown(message: "whack error: unrecognized --impair option '\(text)'")
            }
            self = .flag(name, try truth())
        }
    }

    private static func invalid(_ text: String, _ value: String?) -> Unknown {
        Unknown(message: "whack error: --impair option '\(text)' has an invalid value '\(value ?? "")'")
    }

    /// A number, or nil for `no`.
    private static func number(_ text: String, _ value: String?) throws(Unknown) -> UInt8? {
        if value == "no" { return nil }
        guard let number = value.flatMap({ UInt8($0) }) else { throw invalid(text, value) }
        return number
    }

    func apply(to impairments: inout Impairments) {
        switch self {
        case .none: impairments = Impairments()
        case .suppressRetransmits(let on): impairments.suppressRetransmits = on
        case .timeoutOnRetransmit(let on): impairments.timeoutOnRetransmit = on
        case .sendNoDelete(let on): impairments.sendNoDelete = on
        case .revival(let on): impairments.skipRevival = on
        case .corruptTicket(let on): impairments.corruptTicket = on
        case .corruptIncomingSK(let on): impairments.corruptIncomingSK = on
        case .corruptESPKey(let on): impairments.corruptESPKey = on
        case .ticketLifetime(let lifetime): impairments.ticketLifetime = lifetime
        case .flag(let name, let on): if let path = ImpairmentName.switches[name] { impairments[keyPath: path] = on }
        case .selectorCount(true, let count): impairments.initiatorSelectorCount = count
        case .selectorCount(false, let count): impairments.responderSelectorCount = count
        case .keyLength(true, let fault): impairments.ikeKeyLength = fault
        case .keyLength(false, let fault): impairments.childKeyLength = fault
        case .explicitNoKeyExchange(let explicit): impairments.explicitNoKeyExchange = explicit
        case .rekeyProtocolID(let number): impairments.rekeyProtocolID = number
        case .trigger, .triggerRevival, .drip: break
        }
    }
}
