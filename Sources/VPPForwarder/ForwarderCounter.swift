/// A row of `show error`: the graph node of VPP that counts, and what. In the order in which they are listed.
package enum ForwarderCounter: Int, CaseIterable, Sendable {
    case policyProtect, policyBypass, policyDiscard, policyMissing
    case espReceived, integrityFailed, replayed, malformed, noTunnel, espSealed, sequenceCycled
    case inputReceived, inputReceivedV6, inputDiscarded, tunnelReceived, tunnelUnknown
    case echoReplies, unknownProtocol, noRoute, timeToLive, badChecksum, fragments
    case arpReplies, arpLearned, arpSent, ikeReceived, notForUs, tooLong, fragmented
    case errorsHeld

    package var node: String { row.node }
    package var reason: String { row.reason }

    private var row: (node: String, reason: String) {
        switch self {
        case .policyProtect: ("ipsec-output", "IPSec policy protect")
        case .policyBypass: ("ipsec-output", "IPSec policy bypass")
        case .policyDiscard: ("ipsec-output", "IPSec policy discard")
        case .policyMissing: ("ipsec-output", "IPSec policy (no match)")
        case .espReceived: ("esp-decrypt", "ESP pkts received")
        case .integrityFailed: ("esp-decrypt", "Integrity check failed")
        case .replayed: ("esp-decrypt", "SA replayed packet")
        case .malformed: ("esp-decrypt", "Decryption failed")
        case .noTunnel: ("esp-decrypt", "no tunnel protocol")
        case .espSealed: ("esp-encrypt", "ESP pkts received")
        case .sequenceCycled: ("esp-encrypt", "Sequence number cycled")
        case .inputReceived: ("ipsec-input-ip4", "IPSEC pkts received")
        case .inputReceivedV6: ("ipsec-input-ip6", "IPSEC pkts received")
        case .inputDiscarded: ("ipsec-input-ip4", "IPSEC policy discard")
        case .tunnelReceived: ("ipsec-if-input", "good packets received")
        case .tunnelUnknown: ("ipsec-if-input", "no matching tunnel")
        case .echoReplies: ("ip4-icmp-input", "echo replies sent")
        case .unknownProtocol: ("ip4-local", "unknown ip protocol")
        case .noRoute: ("ip4-input", "no route")
        case .timeToLive: ("ip4-input", "ip4 ttl <= 1")
        case .badChecksum: ("ip4-input", "bad ip4 checksum")
        case .fragments: ("ip4-local", "fragments")
        case .arpReplies: ("arp-input", "ARP replies sent")
        case .arpLearned: ("arp-input", "ARP request IP4 source address learned")
        case .arpSent: ("ip4-glean", "ARP requests sent")
        case .ikeReceived: ("ikev2", "packets processed")
        case .notForUs: ("ethernet-input", "l3 mac mismatch")
        case .tooLong: ("interface-output", "packet too long")
        case .fragmented: ("ip4-frag", "packet fragmented")
        case .errorsHeld: ("ip4-icmp-error", "ICMP errors not sent: too many")
        }
    }
}
