import IKEWire
import NetAddress

/// Payloads as an ill-meaning peer would make them: well-formed, of every type, and with numbers that somebody looks at
/// more often than chance would give.
enum RandomPayload {
    static func list(_ dice: inout Dice) -> [Payload] { (0..<(1 + dice.below(6))).map { _ in make(&dice) } }

    static func octets(_ range: ClosedRange<Int>, _ dice: inout Dice) -> [UInt8] {
        (0..<Int.random(in: range, using: &dice)).map { _ in UInt8(dice.below(256)) }
    }

    static func make(_ dice: inout Dice) -> Payload {
        switch dice.below(15) {
        case 0, 1: return .securityAssociation((0..<(1 + dice.below(3))).map { proposal(UInt8($0 + 1), &dice) })
        case 2:
            return .keyExchange(
                KeyExchangePayload(
                    group: [31, 19, 14, UInt16(dice.below(40))][dice.below(4)],
                    data: octets([32...32, 64...64, 1...300][dice.below(3)], &dice)))
        case 3: return .nonce(octets(16...256, &dice))
        case 4...6: return .notify(notify(&dice))
        case 7:
            let spis = (0..<dice.below(40)).map { _ in octets(4...4, &dice) }
            return .delete(
                dice.below(6) == 0 ? DeletePayload(protocolID: .ike) : DeletePayload(protocolID: .esp, spis: spis))
        case 8: return .trafficSelectorsInitiator(selectors(&dice))
        case 9: return .trafficSelectorsResponder(selectors(&dice))
        case 10:
            let attributes = (0..<dice.below(5)).map { _ in
                ConfigurationAttribute(
                    type: ConfigurationAttributeType(UInt16(dice.below(30))), value: octets(0...20, &dice))
            }
            return .configuration(
                ConfigurationPayload(type: ConfigurationType(UInt8(dice.below(6))), attributes: attributes))
        case 11:
            return .identificationInitiator(
                Identification(type: .fqdn, data: dice.below(2) == 0 ? Array("west".utf8) : octets(0...70, &dice)))
        case 12:
            return .authentication(
                AuthenticationPayload(
                    method: AuthenticationMethod(UInt8(dice.below(16))), data: octets(0...80, &dice)))
        case 13: return .vendorID(octets(0...64, &dice))
        default:
            return .unknown(
                UnknownPayload(
                    type: PayloadType(rawValue: UInt8(55 + dice.below(200))), isCritical: dice.below(3) == 0,
                    body: octets(0...80, &dice)))
        }
    }

    private static func notify(_ dice: inout Dice) -> NotifyPayload {
        let types: [UInt16] = [
            1, 4, 5, 7, 9, 11, 14, 17, 24, 34, 35, 36, 37, 38, 39, 43, 44, 47, 16384, 16385, 16388, 16389, 16390, 16391,
            16393, 16394, 16396, 16397, 16398, 16399, 16400, 16401, 16403, 16404, 16406, 16407, 16408, 16409, 16410,
            16411, 16412, 16413, 16414, 16416, 16417, 16418, 16430, 16431, 16435, 16436, 16437, 16438,
        ]
        let type = dice.below(8) == 0 ? UInt16(dice.below(65536)) : types[dice.below(types.count)]
        return NotifyPayload(
            protocolID: ProtocolID(UInt8(dice.below(4))), spi: octets([0...0, 4...4, 0...20][dice.below(3)], &dice),
            type: NotifyType(type), data: octets([0...0, 2...2, 0...70][dice.below(3)], &dice))
    }

    private static func proposal(_ number: UInt8, _ dice: inout Dice) -> Proposal {
        let isIKE = dice.below(2) == 0
        let likely: [(UInt8, UInt16)] = [(1, 20), (2, 5), (3, 12), (4, 31), (4, 19), (5, 0), (5, 1), (1, 12)]
        let transforms = (0..<dice.below(7)).map { _ in
            let (type, id) = likely[dice.below(likely.count)]
            return Transform(
                type: TransformType(dice.below(6) == 0 ? UInt8(dice.below(8)) : type),
                id: dice.below(6) == 0 ? UInt16(dice.below(50)) : id,
                attributes: type == 1
                    ? [TransformAttribute(type: 14, value: .short([128, 256, UInt16(dice.below(600))][dice.below(3)]))]
                    : [])
        }
        return Proposal(
            number: number, protocolID: isIKE ? .ike : dice.below(5) == 0 ? ProtocolID(UInt8(dice.below(5))) : .esp,
            spi: octets(isIKE ? 8...8 : dice.below(5) == 0 ? 0...9 : 4...4, &dice), transforms: transforms)
    }

    private static func selectors(_ dice: inout Dice) -> [TrafficSelector] {
        (0..<dice.below(6)).map { _ in
            if dice.below(2) == 0 {
                return TrafficSelector(IPPrefix("192.0.\(dice.below(24)).0/24")!, ipProtocol: UInt8(dice.below(20)))
            }
            let size = dice.below(2) == 0 ? 4 : 16
            let ends = (0..<2).map { _ in IPAddress(octets: octets(size...size, &dice))! }.sorted()
            return TrafficSelector(
                IPRange(ends[0], ends[1])!, ipProtocol: UInt8(dice.below(256)),
                startPort: UInt16(dice.below(65536)), endPort: UInt16(dice.below(65536)))
        }
    }
}
