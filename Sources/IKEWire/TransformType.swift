/// What a transform chooses (RFC 7296 §3.3.2).
package struct TransformType: RegisteredNumber {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let encryption = TransformType(1)
    package static let prf = TransformType(2)
    package static let integrity = TransformType(3)
    /// Key exchange method; Diffie-Hellman group before RFC 9370.
    package static let keyExchange = TransformType(4)
    /// Sequence numbers; Extended Sequence Numbers before RFC 9827.
    package static let extendedSequenceNumbers = TransformType(5)
    /// RFC 9370 §2.2.1: number is 1...7.
    package static func additionalKeyExchange(_ number: UInt8) -> TransformType {
        precondition((1...7).contains(number))
        return TransformType(5 + number)
    }

    package static let names: [UInt8: String] = [
        1: "ENCR", 2: "PRF", 3: "INTEG", 4: "KE", 5: "ESN", 6: "ADDKE1", 7: "ADDKE2", 8: "ADDKE3", 9: "ADDKE4",
        10: "ADDKE5", 11: "ADDKE6", 12: "ADDKE7", 13: "KWA", 14: "GCAUTH",
    ]
}
