import IKEWire
import NetAddress

/// A small generator of repeatable numbers (SplitMix64).
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
        return value ^ value >> 31
    }
}

/// Well-formed messages of every payload type, with numbers from all of their ranges.
enum RandomMessage {
    static func make(_ random: inout SplitMix) -> Message {
        let header = IKEHeader(
            initiatorSPI: IKESPI(random.next()), responderSPI: IKESPI(random.next()),
            minorVersion: .random(in: 0...15, using: &random),
            exchangeType: ExchangeType(.random(in: 0...255, using: &random)), isInitiator: .random(using: &random),
            isResponse: .random(using: &random), canSpeakHigherVersion: .random(using: &random),
            messageID: .random(in: 0...UInt32.max, using: &random))
        let count = Int.random(in: 0...12, using: &random)
        return Message(header: header, payloads: (0..<count).map { _ in payload(&random) })
    }

    private static func octets(_ range: ClosedRange<Int>, _ random: inout SplitMix) -> [UInt8] {
        (0..<Int.random(in: range, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
    }

    private static func payload(_ random: inout SplitMix) -> Payload {
        func byte() -> UInt8 { .random(in: 0...255, using: &random) }
        func word() -> UInt16 { .random(in: 0...UInt16.max, using: &random) }
        switch Int.random(in: 0...15, using: &random) {
        case 0:
            let count = UInt8.random(in: 1...5, using: &random)
            return .securityAssociation((1...count).map { proposal(number: $0, &random) })
        case 1: return .keyExchange(KeyExchangePayload(group: word(), data: octets(1...300, &random)))
        case 2: return .identificationInitiator(identification(&random))
        case 3: return .identificationResponder(identification(&random))
        case 4:
            return .certificate(
                CertificatePayload(encoding: CertificateEncoding(byte()), data: octets(0...900, &random)))
        case 5:
            return .certificateRequest(
                CertificateRequestPayload(encoding: CertificateEncoding(byte()), authority: octets(0...60, &random)))
        case 6:
            return .authentication(
                AuthenticationPayload(method: AuthenticationMethod(byte()), data: octets(0...256, &random)))
        case 7: return .nonce(octets(16...256, &random))
        case 8:
            return .notify(
                NotifyPayload(
                    protocolID: ProtocolID(byte()), spi: octets(0...255, &random), type: NotifyType(word()),
                    data: octets(0...900, &random)))
        case 9:
            let esp = (0..<Int.random(in: 0...9, using: &random)).map { _ in octets(4...4, &random) }
            return .delete(Bool.random(using: &random) ? .init(protocolID: .ike) : .init(protocolID: .esp, spis: esp))
        case 10: return .vendorID(octets(0...64, &random))
        case 11: return .trafficSelectorsInitiator(selectors(&random))
        case 12: return .trafficSelectorsResponder(selectors(&random))
        case 13:
            let attributes = (0..<Int.random(in: 0...6, using: &random)).map { _ in
                ConfigurationAttribute(type: ConfigurationAttributeType(word()), value: octets(0...20, &random))
            }
            return .configuration(ConfigurationPayload(type: ConfigurationType(byte()), attributes: attributes))
        case 14:
            let data = octets(0...40, &random)
            return .eap([byte(), byte(), 0, UInt8(4 + data.count)] + data)
        default:
            return .unknown(
                UnknownPayload(
                    type: PayloadType(.random(in: 55...255, using: &random)), isCritical: .random(using: &random),
                    body: octets(0...80, &random)))
        }
    }

    private static func proposal(number: UInt8, _ random: inout SplitMix) -> Proposal {
        let transforms = (0..<Int.random(in: 0...12, using: &random)).map { _ in
            let attributes = (0..<Int.random(in: 0...2, using: &random)).map { _ in
                TransformAttribute(
                    type: .random(in: 0...0x7fff, using: &random),
                    value: Bool.random(using: &random)
                        ? .short(.random(in: 0...UInt16.max, using: &random)) : .long(octets(0...9, &random)))
            }
            return Transform(
                type: TransformType(.random(in: 0...255, using: &random)),
                id: .random(in: 0...UInt16.max, using: &random), attributes: attributes)
        }
        return Proposal(
            number: number, protocolID: ProtocolID(.random(in: 0...255, using: &random)), spi: octets(0...8, &random),
            transforms: transforms)
    }

    private static func identification(_ random: inout SplitMix) -> Identification {
        let type = IdentificationType(.random(in: 0...255, using: &random))
        let size = type == .ipv4Address ? 4...4 : type == .ipv6Address ? 16...16 : 0...70
        return Identification(type: type, data: octets(size, &random))
    }

    private static func selectors(_ random: inout SplitMix) -> [TrafficSelector] {
        (0..<Int.random(in: 0...7, using: &random)).map { _ in
            let size = Bool.random(using: &random) ? 4 : 16
            let ends = (0..<2).map { _ in IPAddress(octets: octets(size...size, &random))! }.sorted()
            return TrafficSelector(
                IPRange(ends[0], ends[1])!, ipProtocol: .random(in: 0...255, using: &random),
                startPort: .random(in: 0...UInt16.max, using: &random),
                endPort: .random(in: 0...UInt16.max, using: &random))
        }
    }
}
