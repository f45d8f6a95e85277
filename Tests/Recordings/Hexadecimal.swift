extension [UInt8] {
    /// Octets from hexadecimal digits; blanks, line ends and dashes are skipped. Anything else is a mistake
    /// in the test.
    package init(hex: some StringProtocol) {
        let digits = hex.filter { !$0.isWhitespace && $0 != "-" }.map { character -> UInt8 in
            guard let value = character.hexDigitValue else { preconditionFailure("not hexadecimal: \(hex)") }
            return UInt8(value)
        }
        precondition(digits.count.isMultiple(of: 2), "half an octet: \(hex)")
        self = stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}

extension Sequence<UInt8> {
    /// Lower-case digits without blanks.
    package var hex: String {
        map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
