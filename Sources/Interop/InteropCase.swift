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
    package enum Family: Sendable {
        case v4, v6, v4InV6, v6InV4
        var isV6Outside: Bool { self == .v6 || self == .v4InV6 }
        var isV6Inside: Bool { self == .v6 || self == .v6InV4 }
    }
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
        /// The initiator sees for itself that it cannot be, and nothing goes through.
        case noTunnel
        /// The peer cannot do it here: it is tried all the same, and a line of its log has to hold this text, or that one where it is
        /// the initiator.
        case unsupported(says: String, asInitiator: String? = nil)
    }

    /// What is done, in order.
    package enum Action: Sendable {
        /// The initiator brings it up.
        case up
        /// The initiator tries to, whatever comes of it.
        case attempt
        /// The initiator tries to, and fails; one of its lines holds this text.
        case upFails(swand: String, peer: String)
        case ping(count: Int, octets: Int)
        /// The initiator brings up the second Child SA, and a ping goes through it.
        case upSecond
        case pingSecond(count: Int)
        case rekeyChild(InteropSide)
        case rekeyIKE(InteropSide)
        /// Both are asked what they have: the judge compares.
        case compare
        case delete(InteropSide)
        /// Neither end has an SA any more.
        case nothingLeft
        /// A command on the end's host, with what it must print.
        case type(InteropSide, String, [String])

        /// A command on the end's host, again and again until its output has a line that matches; red where none comes in
        /// less time than a scenario gives to a command.
        static func wait(_ side: InteropSide, until expression: String, in command: String) -> Action {
            .type(
                side,
                "../../guestbin/wait-for.sh --timeout 25 --match '\(expression)' -- \(command) >/dev/null; echo $?",
                ["0"])
        }
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

    /// The initiator proves who it is by EAP (RFC 7296 §2.16), under the name carol; the responder has a certificate.
    package struct EAP: Sendable {
        package enum Method: String, Sendable {
            case mschapV2 = "mschapv2"
            case tls
        }
        package var method: Method
        /// Whether the responder does without its certificate too (RFC 5998).
        package var isAlone = false
        /// What the initiator takes for the password.
        package var password = "correct horse"

        package init(_ method: Method) { self.method = method }
    }

    /// Whose commands swand takes.
    package enum Manner: Sendable {
        case pluto
        case vpp(VPPForm)
    }

    package var name: String
    package var about: String
    package var manner = Manner.pluto
    package var peer = InteropPeer.strongswan
    /// Why it is not even tried: a limit of one of the two.
    package var beyond: String?
    /// nil: a shared key.
    package var certificates: Certificates?
    package var eap: EAP?
    package var family = Family.v4
    package var nat = NAT.none
    /// Lines of swand's `conn` and of its `config setup`.
    package var conn: [String] = []
    package var setup: [String] = []
    /// The peer's proposals, in its own words; nil: its defaults.
    package var ike: String?
    package var esp: String?
    /// Further lines of the peer's connection (strongSwan's, libreswan's `conn`), of strongSwan's child, and settings (of strongSwan's
    /// `charon` section, libreswan's `config setup`).
    package var peerConnection: [String] = []
    package var peerChild: [String] = []
    package var peerSettings: [String] = []
    /// Plugins of strongSwan's beside those that each case has.
    package var peerPlugins: [String] = []
    package var secret = "0123456789abcdefABCDEF"
    package var peerSecret: String?
    package var swandID = "west.example.com"
    package var peerID = "east.example.com"
    /// What the peer protects in its own opinion, where that is not what swand thinks.
    package var peerOwnSubnet: String?
    /// Who gives the other an address of a pool, which is all that the other protects (RFC 7296 §2.19).
    package var addressGiver: InteropSide?
    /// Whose address changes (RFC 4555); nil: neither speaks MOBIKE.
    package var mover: InteropSide?
    /// Both have a second Child SA, between two networks of its own.
    package var hasSecond = false
    package var isTransport = false
    /// Further lines of swand's ipsec.secrets, and sections of strongSwan's `secrets` or lines of libreswan's ipsec.secrets.
    package var swandSecrets: [String] = []
    package var peerSecrets: [String] = []
    /// The peer's own ESP cannot do it: it is given the kernel's, which the cell then requires.
    package var needsKernelESP = false
    package var expectation = Expectation.tunnel(ike: nil, esp: nil)
    package var initiators = InteropSide.allCases
    package var actions: [Action] = InteropCase.standardActions
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
