import IKEEngine
import IKEWire

/// What must hold of fragments (RFC 7383 §2.6) in any order, with any numbers, from a peer that has the keys: what comes out is
/// what went in under one message ID and one total, once, and no more is kept than the limits say.
///
/// The input is a list of fragments, five octets each: message ID and first payload (4 bits each), number, total, and the
/// length of the plaintext, in octets and in hundreds of octets.
package enum FragmentChecks {
    package static func run(_ octets: [UInt8]) {
        var reassembly = FragmentReassembly()
        var kept: [UInt16: [UInt8]] = [:]
        var (current, greatest, first) = (UInt32(0), UInt16(0), UInt8(0))
        for start in stride(from: 0, to: octets.count - 4, by: 5) {
            let (messageID, type) = (UInt32(octets[start] >> 4), octets[start] & 0x0f)
            let (number, total) = (UInt16(octets[start + 1]), UInt16(octets[start + 2]))
            let plaintext = [UInt8](
                repeating: octets[start + 1] ^ octets[start],
                count: Int(octets[start + 3]) + 100 * Int(octets[start + 4]))
            let whole: (innerFirst: PayloadType, octets: [UInt8], fragments: Int)?
            do throws(WireError) {
                whole = try reassembly.add(
                    messageID: messageID, number: number, total: total, innerFirst: PayloadType(type),
                    plaintext: plaintext)
            } catch {
                let sum = kept.values.reduce(plaintext.count) { $0 + $1.count }
                precondition(
                    total > FragmentReassembly.fragmentLimit || sum > FragmentReassembly.octetLimit
                        || messageID != current || total > greatest, "a fragment within the limits was refused")
                if total <= FragmentReassembly.fragmentLimit { kept = [:] }
                continue
            }
            if number >= 1, number <= total {
                if kept.isEmpty || messageID != current || total > greatest {
                    (kept, current, greatest) = ([:], messageID, total)
                }
                if total == greatest, kept[number] == nil {
                    kept[number] = plaintext
                    if number == 1 { first = type }
                }
            }
            if let whole {
                precondition(whole.fragments == Int(greatest) && kept.count == whole.fragments, "a message came early")
                precondition(whole.octets == (1...greatest).flatMap { kept[$0] ?? [] }, "a message of other octets")
                precondition(whole.innerFirst == PayloadType(first), "a first payload of another fragment")
                kept = [:]
            } else {
                precondition(kept.isEmpty || kept.count < Int(greatest), "a message that is whole was kept back")
            }
            precondition(reassembly.octets == kept.values.reduce(0) { $0 + $1.count }, "octets are miscounted")
            precondition(reassembly.octets <= FragmentReassembly.octetLimit, "more is kept than may be")
        }
    }
}
