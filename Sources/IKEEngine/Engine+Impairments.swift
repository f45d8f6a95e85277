import IKECrypto
import IKEModel
import IKEWire
import NetAddress

/// Faults that are committed on purpose, so that a test can see what the peer makes of them.
extension Engine {
    // MARK: Messages as they pass

    /// Messages of a direction that are kept at most; later ones pass, or are lost where all are blocked.
    private static let recordLimit = 1024

    /// A message of ours on its way to the network.
    func release(_ datagram: Datagram) {
        if impairments.recordOutbound || impairments.blockOutbound, recordedOutbound.count < Engine.recordLimit {
            recordedOutbound.append(datagram)
        }
        if impairments.blockOutbound {
            emit(.outboundBlocked(number: recordedOutbound.count, to: datagram.remote))
            return
        }
        outbox.append(.transmit(datagram))
    }

    /// Whether a message of the peer's may be looked at.
    func admits(_ datagram: Datagram) -> Bool {
        if impairments.recordInbound || impairments.blockInbound, recordedInbound.count < Engine.recordLimit {
            recordedInbound.append(datagram)
        }
        guard impairments.blockInbound else { return true }
        emit(.inboundBlocked(number: recordedInbound.count, from: datagram.remote))
        return false
    }

    func drip(inbound: Bool, number: Int) {
        let recorded = inbound ? recordedInbound : recordedOutbound
        guard recorded.indices.contains(number - 1) else { return }
        if inbound { receive(recorded[number - 1]) } else { outbox.append(.transmit(recorded[number - 1])) }
    }

    // MARK: Proposals

    /// Whose proposal it is: the fault is told there.
    enum ProposalOwner {
        case ike(IKESAID)
        /// In IKE_AUTH the Child SA's proposal is told with the IKE SA.
        case firstChild(IKESAID)
        case child(ChildSAID)
    }

    func impaired(_ proposals: [Proposal], of owner: ProposalOwner) -> [Proposal] {
        func tell(_ text: String) {
            switch owner {
            case .ike(let id), .firstChild(let id): emit(.impaired(id, text))
            case .child(let id): emit(.childImpaired(id, text))
            }
        }
        var proposals = proposals
        let isIKE = if case .ike = owner { true } else { false }
        if let fault = isIKE ? impairments.ikeKeyLength : impairments.childKeyLength {
            for index in proposals.indices {
                for place in proposals[index].transforms.indices
                where proposals[index].transforms[place].type == .encryption {
                    spoil(&proposals[index].transforms[place], fault, tell)
                }
            }
        }
        if !isIKE, let explicit = impairments.explicitNoKeyExchange {
            for index in proposals.indices where proposals[index].transforms(of: .keyExchange).isEmpty {
                let what = "proposal \(proposals[index].number) transform DH=NONE \(explicit ? "included" : "excluded")"
                tell("\(what) when counting transforms")
                tell("\(what) when emitting proposal")
                guard explicit else { continue }
                let place =
                    proposals[index].transforms.firstIndex { $0.type == .extendedSequenceNumbers }
                    ?? proposals[index].transforms.endIndex
                proposals[index].transforms.insert(Transform(type: .keyExchange, id: 0), at: place)
            }
        }
        return proposals
    }

    private func spoil(_ transform: inout Transform, _ fault: Impairments.KeyLengthFault, _ tell: (String) -> Void) {
        switch fault {
        case .omitted:
            guard !transform.attributes.isEmpty else { return }
            tell("omitting fixed-size key-length attribute")
            transform.attributes = []
        case .duplicated:
            guard !transform.attributes.isEmpty else { return }
            tell("duplicating key-length attribute")
            transform.attributes += transform.attributes
        case .empty:
            tell("emitting variable-size key-length attribute with no key")
            if impairments.tellsUnknownValues {
                tell(
                    "emitting af+type of IKEv2 Attribute Substructure Payload has an unknown value: 0x0+14 (0xe)")
            }
            transform.attributes = [TransformAttribute(type: TransformAttribute.keyLengthType, value: .long([]))]
        case .replaced(let bits):
            tell("emitting fixed-length key-length attribute with \(bits) key")
            transform.attributes = [.keyLength(bits)]
        }
    }

    // MARK: Traffic selectors

    /// TSi and TSr, saying of the number of their selectors what they were told to say.
    func selectorPayloads(_ tsi: [TrafficSelector], _ tsr: [TrafficSelector], _ ike: IKESA) -> [Payload] {
        var payloads: [Payload] = [.trafficSelectorsInitiator(tsi), .trafficSelectorsResponder(tsr)]
        let counts = [impairments.initiatorSelectorCount, impairments.responderSelectorCount]
        let names = [("local", "TSi", tsi.count), ("remote", "TSr", tsr.count)]
        for (index, count) in counts.enumerated() {
            guard let count else { continue }
            let (side, name, right) = names[index]
            emit(.impaired(ike.id, "forcing number of \(side) \(name) selectors from \(right) to \(count)"))
            // Behind the generic header of 4 octets the number stands first (RFC 7296 §3.13).
            var body = Array(Message.encodePayloads([payloads[index]]).octets.dropFirst(4))
            body[0] = count
            payloads[index] = .unknown(UnknownPayload(type: payloads[index].type, isCritical: false, body: body))
        }
        return payloads
    }
}
