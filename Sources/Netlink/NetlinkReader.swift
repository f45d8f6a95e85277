import CNetlink

/// One message that the kernel sent, already cut out of its datagram.
struct NetlinkMessage {
    let type: UInt16
    let flags: UInt16
    let sequence: UInt32
    /// Everything behind the nlmsghdr.
    let payload: ArraySlice<UInt8>

    /// Cuts a datagram into messages; what is left over at its end is dropped, as the kernel never sends it.
    static func all(in datagram: [UInt8]) -> [NetlinkMessage] {
        var result: [NetlinkMessage] = []
        var rest = datagram[...]
        while rest.count >= 16 {
            let length = Int(rest.number(at: 0) as UInt32)
            guard length >= 16 && length <= rest.count else { break }
            result.append(
                NetlinkMessage(
                    type: rest.number(at: 4), flags: rest.number(at: 6), sequence: rest.number(at: 8),
                    payload: rest[(rest.startIndex + 16)..<(rest.startIndex + length)]))
            rest = rest.dropFirst((length + 3) & ~3)
        }
        return result
    }

    /// The attributes behind a fixed part of so many octets, by type; the last of a type counts.
    func attributes(after header: Int) -> [Int: ArraySlice<UInt8>] {
        NetlinkMessage.attributes(payload.dropFirst((header + 3) & ~3))
    }

    static func attributes(_ bytes: ArraySlice<UInt8>) -> [Int: ArraySlice<UInt8>] {
        var result: [Int: ArraySlice<UInt8>] = [:]
        var rest = bytes
        while rest.count >= 4 {
            let length = Int(rest.number(at: 0) as UInt16)
            guard length >= 4 && length <= rest.count else { break }
            // The two highest bits say "nested" and "network order".
            let type = Int(rest.number(at: 2) as UInt16) & 0x3fff
            result[type] = rest[(rest.startIndex + 4)..<(rest.startIndex + length)]
            rest = rest.dropFirst((length + 3) & ~3)
        }
        return result
    }
}

extension ArraySlice<UInt8> {
    /// A number in the machine's order, `offset` octets after the slice's start; the caller has checked the length.
    func number<Number: FixedWidthInteger & BitwiseCopyable>(at offset: Int) -> Number {
        withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Number.self) }
    }

    /// The fixed part at the slice's start; nil where it is too short.
    func header<Header: BitwiseCopyable>(_ type: Header.Type) -> Header? {
        guard count >= MemoryLayout<Header>.size else { return nil }
        return withUnsafeBytes { $0.loadUnaligned(as: type) }
    }

    var number32: UInt32? { count >= 4 ? number(at: 0) : nil }
    /// Text up to its zero.
    var text: String { String(decoding: prefix { $0 != 0 }, as: UTF8.self) }
}
