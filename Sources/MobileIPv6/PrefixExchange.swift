package import NetAddress

/// Mobile Prefix Solicitation and Advertisement, ICMPv6 messages between a mobile node and its home agent (RFC 6275 §6.7, §6.8): one
/// end's memory of them. Checksums are the socket's.
package struct PrefixExchange: Sendable {
    /// ICMPv6 types.
    package static let (solicitation, advertisement): (UInt8, UInt8) = (146, 147)
    /// Milliseconds between two advertisements to a node (§6.8).
    private static let interval: Int64 = 1000

    /// The Identifier of the last solicitation.
    private var solicited: UInt16?
    /// By home address.
    private var lastAdvertised: [IPAddress: Int64] = [:]

    package init() {}

    /// - Parameter identifier: a random number (§11.4.2).
    package mutating func solicit(identifier: UInt16) -> [UInt8] {
        solicited = identifier
        return [Self.solicitation, 0, 0, 0, UInt8(identifier >> 8), UInt8(truncatingIfNeeded: identifier), 0, 0]
    }

    /// Whether it is an advertisement that answers the last solicitation (§11.4.3).
    package func isAwaited(_ octets: [UInt8]) -> Bool {
        octets.count >= 8 && octets[0] == Self.advertisement && UInt16(octets[4]) << 8 | UInt16(octets[5]) == solicited
    }

    /// What a solicitation from a home address is answered by: the home link's prefix (§6.8, RFC 4861 §4.6.2), on link and for
    /// addresses, for ever; M and O are clear. nil: it is none, or too soon.
    /// - Parameter now: milliseconds of any clock that does not run backwards.
    package mutating func answer(to octets: [UInt8], of home: IPAddress, at now: Int64) -> [UInt8]? {
        guard octets.count >= 8, octets[0] == Self.solicitation,
            lastAdvertised[home].map({ now - $0 >= Self.interval }) ?? true
        else { return nil }
        lastAdvertised[home] = now
        let option: [UInt8] =
            [3, 4, 64, 0xc0] + [UInt8](repeating: 0xff, count: 8) + [0, 0, 0, 0]
            + IPPrefix(home, length: 64)!.network.address.octets
        return [Self.advertisement, 0, 0, 0, octets[4], octets[5], 0, 0] + option
    }
}
