import COpenSSL

/// One element of DER (X.690 §10): definite lengths, tag numbers below 31.
package struct DERElement: Sendable {
    /// The identifier octet, with class and the constructed bit.
    package let tag: UInt8
    package let content: ArraySlice<UInt8>

    package func expect(_ tag: UInt8, _ what: String) throws(CryptoError) -> DERReader {
        guard self.tag == tag else { throw .malformed("expected \(what), found tag \(self.tag)") }
        return DERReader(content)
    }
}

/// DER elements one behind the other, read from the front. Nothing that it is given can make it trap.
package struct DERReader: Sendable {
    private var rest: ArraySlice<UInt8>

    package init(_ octets: ArraySlice<UInt8>) { rest = octets }
    package init(_ octets: [UInt8]) { rest = octets[...] }

    package var isAtEnd: Bool { rest.isEmpty }
    /// The tag of what comes next; nil at the end.
    package var nextTag: UInt8? { rest.first }

    /// - Throws: `malformed` for a length that is indefinite, not minimal, or longer than what is there.
    package mutating func next(_ what: String) throws(CryptoError) -> DERElement {
        guard rest.count >= 2, let tag = rest.popFirst(), let first = rest.popFirst() else {
            throw .malformed("expected \(what), found the end")
        }
        guard tag & 0x1f != 0x1f else { throw .malformed("\(what): a tag of more than one octet") }
        var count = Int(first)
        if first & 0x80 != 0 {
            let size = Int(first & 0x7f)
            guard (1...3).contains(size), rest.count >= size else { throw .malformed("\(what): bad length") }
            count = 0
            for _ in 0..<size { count = count << 8 | Int(rest.removeFirst()) }
            guard count >= 0x80, size == 1 || count >> (8 * (size - 1)) != 0 else {
                throw .malformed("\(what): a length that is not minimal")
            }
        }
        guard rest.count >= count else { throw .malformed("\(what): longer than what holds it") }
        defer { rest = rest.dropFirst(count) }
        return DERElement(tag: tag, content: rest.prefix(count))
    }

    package mutating func next(_ tag: UInt8, _ what: String) throws(CryptoError) -> DERElement {
        let element = try next(what)
        guard element.tag == tag else { throw .malformed("expected \(what), found tag \(element.tag)") }
        return element
    }

    package func finish(_ what: String) throws(CryptoError) {
        guard rest.isEmpty else { throw .malformed("\(what): \(rest.count) octets too many") }
    }
}

/// DER, written.
package enum DER {
    package static let integer: UInt8 = 0x02
    package static let bitString: UInt8 = 0x03
    package static let octetString: UInt8 = 0x04
    package static let null: [UInt8] = [0x05, 0x00]
    package static let objectIdentifier: UInt8 = 0x06
    package static let utf8String: UInt8 = 0x0c
    package static let printableString: UInt8 = 0x13
    package static let ia5String: UInt8 = 0x16
    package static let sequence: UInt8 = 0x30
    package static let set: UInt8 = 0x31

    /// Seconds since 1970 as a Time: UTCTime until 2049, GeneralizedTime from then on (RFC 5280 §4.1.2.5).
    package static func time(_ seconds: Int64) -> [UInt8] {
        guard let made = ASN1_TIME_set(nil, Int(seconds)) else { preconditionFailure("\(seconds) s is no time") }
        defer { ASN1_TIME_free(made) }
        var out: UnsafeMutablePointer<UInt8>?
        let count = i2d_ASN1_TIME(made, &out)
        guard count > 0, let out else { preconditionFailure("out of memory") }
        defer { CRYPTO_free(out, #file, Int32(#line)) }
        return Array(UnsafeBufferPointer(start: out, count: Int(count)))
    }

    /// One element; the content has less than 2^24 octets.
    package static func element(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        let count = content.count
        switch count {
        case ..<0x80: return [tag, UInt8(count)] + content
        case ..<0x100: return [tag, 0x81, UInt8(count)] + content
        case ..<0x10000: return [tag, 0x82, UInt8(count >> 8), UInt8(count & 0xff)] + content
        default:
            return [tag, 0x83, UInt8(count >> 16 & 0xff), UInt8(count >> 8 & 0xff), UInt8(count & 0xff)] + content
        }
    }

    package static func sequence(_ parts: [[UInt8]]) -> [UInt8] { element(sequence, parts.flatMap { $0 }) }

    /// An unsigned number in network order, with a zero in front where its first bit is set.
    package static func unsigned(_ octets: some Sequence<UInt8>) -> [UInt8] {
        var digits = Array(octets.drop { $0 == 0 })
        if digits.isEmpty || digits[0] & 0x80 != 0 { digits.insert(0, at: 0) }
        return element(integer, digits)
    }

    package static func identifier(_ components: [UInt8]) -> [UInt8] { element(objectIdentifier, components) }

    /// The octets of an object identifier's content from its dotted form.
    package static func objectIdentifier(_ dotted: String) -> [UInt8]? {
        let numbers = dotted.split(separator: ".", omittingEmptySubsequences: false).map { UInt32($0) }
        guard numbers.count >= 2, !numbers.contains(nil), let first = numbers[0], let second = numbers[1], first <= 2,
            second < 40 || first == 2, second < 1 << 24
        else { return nil }
        var result: [UInt8] = []
        for number in [first * 40 + second] + numbers.dropFirst(2).compactMap({ $0 }) {
            var digits = [UInt8(number & 0x7f)]
            var left = number >> 7
            while left > 0 {
                digits.append(UInt8(left & 0x7f) | 0x80)
                left >>= 7
            }
            result += digits.reversed()
        }
        return result
    }

    /// The dotted form of an object identifier's content; numbers beyond 32 bits are shown as `?`.
    package static func dotted(_ content: ArraySlice<UInt8>) -> String {
        var numbers: [String] = []
        var value: UInt64 = 0
        for octet in content {
            value = value > UInt64(UInt32.max) ? value : value << 7 | UInt64(octet & 0x7f)
            guard octet & 0x80 == 0 else { continue }
            if numbers.isEmpty {
                let first = min(value / 40, 2)
                numbers = ["\(first)", "\(value - first * 40)"]
            } else {
                numbers.append(value > UInt64(UInt32.max) ? "?" : "\(value)")
            }
            value = 0
        }
        return numbers.joined(separator: ".")
    }
}
