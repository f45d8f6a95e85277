/// Whose daemon it is.
package enum InteropSide: String, Codable, Sendable, CaseIterable {
    case swand, peer
    package var other: InteropSide { self == .swand ? .peer : .swand }
}

/// One thing that two daemons must be able to do together: how both are configured, what is typed, what must come of it.
///
/// Most cases are a few lines of the table in `InteropCases.swift`: all that is not said is as in the plainest case, a
/// tunnel between two networks over IPv4 with a shared key.
package struct InteropCase: Sendable {
    /// Addresses outside and inside.
    package enum Family: Sendable { case v4, v6, v4InV6 }
    /// Where a NAT stands: before one of the ends, which is then the only one that can initiate.
    package enum NAT: Sendable {
        case none
        case before(InteropSide)
    }

    /// What must come of it.
    package enum Expectation: Sendable {
        /// A tunnel that carries traffic, with these algorithms in strongSwan's words; nil: whatever both agree on.
        case tunnel(ike: String?, esp: String?)
        /// The responder refuses, with this notify on the wire, and nothing goes through.
        case refused(notify: String)
    }

    /// What is done, in order.
    package enum Action: Sendable {
        /// The initiator brings it up.
        case up
        /// The initiator tries to, and fails; one of its lines holds this text.
        case upFails(swand: String, peer: String)
        case ping(count: Int, octets: Int)
        case rekeyChild(InteropSide)
        case rekeyIKE(InteropSide)
        /// Both are asked what they have: the judge compares.
        case compare
        case delete(InteropSide)
        /// Neither end has an SA any more.
        case nothingLeft
        /// A command on the end's host, with what it must print.
        case type(InteropSide, String, [String])
    }

    /// AUTH by signature: both ends have a certificate, made when the cell runs, of one root.
    package struct Certificates: Sendable {
        /// `rsa`, `ecdsa` or `ed25519`.
        package var kind: String
        /// swand's `authby`.
        package var authby: String
        /// An authority stands between root and ends.
        package var hasMiddle = false
        /// The root has revoked the initiator's, and the responder knows.
        package var isRevoked = false

        package init(_ kind: String, authby: String) {
            self.kind = kind
            self.authby = authby
        }
    }

    package let name: String
    package let about: String
    /// nil: a shared key.
    package var certificates: Certificates?
    package var family = Family.v4
    package var nat = NAT.none
    /// Lines of swand's `conn` and of its `config setup`.
    package var conn: [String] = []
    package var setup: [String] = []
    /// strongSwan's proposals; nil: its defaults.
    package var ike: String?
    package var esp: String?
    /// Further lines of its connection and of its child, and settings of its `charon` section.
    package var peerConnection: [String] = []
    package var peerChild: [String] = []
    package var peerSettings: [String] = []
    package var secret = "0123456789abcdefABCDEF"
    package var peerSecret: String?
    package var swandID = "west.example.com"
    package var peerID = "east.example.com"
    /// What strongSwan protects in its own opinion, where that is not what swand thinks.
    package var peerOwnSubnet: String?
    package var expectation = Expectation.tunnel(ike: nil, esp: nil)
    package var initiators = InteropSide.allCases
    package var actions: [Action] = InteropCase.standardActions
    /// The peer's own ESP cannot do it: it is given the kernel's, which the cell then requires.
    package var needsKernelESP = false
    /// The ends protect nothing but their own addresses, in transport mode.
    package var isTransport = false
    /// Impairments of the link, as `scenario.yaml` has them.
    package var impairments: [String] = []

    package init(_ name: String, _ about: String) {
        self.name = name
        self.about = about
    }

    package static let standardActions: [Action] = [
        .up, .ping(count: 10, octets: 56), .ping(count: 3, octets: 1200), .compare,
    ]

    /// A change of a copy: `InteropCase("x", "y").with { $0.family = .v6 }`.
    package func with(_ change: (inout InteropCase) -> Void) -> InteropCase {
        var copy = self
        change(&copy)
        return copy
    }
}
