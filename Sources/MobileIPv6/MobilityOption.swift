package import NetAddress

/// What may stand behind a message's own fields (RFC 6275 §6.2).
package enum MobilityOption: Hashable, Sendable {
    /// When, in seconds, the home agent wants the next Binding Update (§6.2.4): a multiple of 4.
    case refreshAdvice(seconds: UInt32)
    /// The care-of address, inside of what ESP protects (§6.2.5, RFC 3776 §4.4).
    case alternateCareOfAddress(IPAddress)
    case other(type: UInt8, octets: [UInt8])

    /// Options of a message whose fields end at the slice's start, of which `offset` is the place in the header.
    static func all(_ octets: ArraySlice<UInt8>, at offset: Int) throws(MobilityError) -> [MobilityOption] {
        var result: [MobilityOption] = []
        var rest = octets
        while let type = rest.first {
            let place = offset + rest.startIndex - octets.startIndex
            // Pad1 has no length.
            if type == 0 {
                rest = rest.dropFirst()
                continue
            }
            guard rest.count >= 2, case let length = Int(rest[rest.startIndex + 1]), rest.count >= 2 + length else {
                throw .option(at: place)
            }
            let data = rest.dropFirst(2).prefix(length)
            rest = rest.dropFirst(2 + length)
            switch type {
            case 1: break
            case 2 where length == 2:
                result.append(.refreshAdvice(seconds: data.reduce(0) { $0 << 8 | UInt32($1) } * 4))
            case 3 where length == 16:
                result.append(.alternateCareOfAddress(IPAddress(octets: data)!))
            case 2, 3: throw .option(at: place)
            default: result.append(.other(type: type, octets: Array(data)))
            }
        }
        return result
    }

    /// Behind what is there of the header, as its alignment asks (§6.2.4: 2n; §6.2.5: 8n + 6).
    func write(to octets: inout [UInt8]) {
        switch self {
        case .refreshAdvice(let seconds):
            Self.pad(&octets, to: 2)
            let units = UInt16(clamping: seconds / 4)
            octets += [2, 2, UInt8(units >> 8), UInt8(truncatingIfNeeded: units)]
        case .alternateCareOfAddress(let address):
            Self.pad(&octets, to: 8, rest: 6)
            octets += [3, 16] + address.octets
        case .other(let type, let data): octets += [type, UInt8(data.count)] + data
        }
    }

    /// Pad1 or PadN (§6.2.2, §6.2.3) up to a length.
    static func pad(_ octets: inout [UInt8], to unit: Int = 8, rest: Int = 0) {
        let missing = (rest - octets.count % unit + unit) % unit
        if missing == 1 { octets.append(0) }
        if missing > 1 { octets += [1, UInt8(missing - 2)] + [UInt8](repeating: 0, count: missing - 2) }
    }
}
