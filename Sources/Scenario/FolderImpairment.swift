/// What the lab does to packets on one link: which packets, and what happens to them.
package struct LinkImpairment: Hashable, Sendable {
    /// What an impairment picks. `any` takes everything on the link, ARP included: a cut cable.
    package enum Selection: Hashable, Sendable {
        case any
        /// Raw or in UDP.
        case esp
        /// Every IKE message of these kinds.
        case ike(exchange: Exchange?, direction: Direction?)
    }

    /// Exchanges by their names and numbers (IANA "IKEv2 Exchange Types").
    package enum Exchange: UInt8, CaseIterable, Sendable {
        case ikeSAInit = 34
        case ikeAuth = 35
        case createChildSA = 36
        case informational = 37
        case ikeSessionResume = 38
        case ikeIntermediate = 43

        package var name: String {
            switch self {
            case .ikeSAInit: "IKE_SA_INIT"
            case .ikeAuth: "IKE_AUTH"
            case .createChildSA: "CREATE_CHILD_SA"
            case .informational: "INFORMATIONAL"
            case .ikeSessionResume: "IKE_SESSION_RESUME"
            case .ikeIntermediate: "IKE_INTERMEDIATE"
            }
        }
    }

    /// The Response flag of a message (RFC 7296 §3.1), whoever was the IKE SA's initiator.
    package enum Direction: String, CaseIterable, Sendable {
        case request, response
    }

    /// Which of the packets that a selection picked are meant.
    package enum Frequency: Hashable, Sendable {
        case all
        /// These, counted from 1 in the order in which they reach the link.
        case nth(Set<Int>)
        /// Each with this chance (0 to 1), drawn from a generator with this seed, so that a run can be repeated.
        case share(Double, seed: UInt64)
    }

    /// What happens to a packet that is meant.
    package enum Action: Hashable, Sendable {
        case drop
        /// It arrives twice.
        case duplicate
        /// It arrives so much later.
        case delay(Duration)
        /// It arrives behind the next packet of its sender; where none comes, after half a second.
        case reorder
        /// All bits of one octet are inverted, counted from 0: of the IKE message, or from an ESP packet's SPI on.
        case corrupt(octet: Int)

        package static let names = ["drop", "duplicate", "delay", "reorder", "corrupt"]
    }

    /// The link's name in the topology.
    package let link: String
    /// The host whose packets are meant; nil means of every end.
    package let from: String?
    package let selection: Selection
    package let frequency: Frequency
    package let action: Action
    /// Where it stands in scenario.yaml, for messages about a link or a host that the topology lacks.
    package let line: Int
}
