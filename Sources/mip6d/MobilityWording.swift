import MobileIPv6
import Netlink

/// What the log says.
enum MobilityWording {
    /// The document's daemon, as which ours is to be taken.
    static let release = "MIPL Mobile IPv6 for Linux v2.0.2-umip-0.4"

    static func started(_ role: MobilityConfiguration.Role) -> String {
        "\(release) started (\(role == .mobileNode ? "Mobile Node" : "Home Agent"))"
    }

    static func stopped(_ role: MobilityConfiguration.Role) -> String {
        "\(release) stopped (\(role == .mobileNode ? "Mobile Node" : "Home Agent"))"
    }

    static func omitted(_ count: Int) -> String { "\(count) more messages, of which nothing was said" }

    static func line(_ event: MobilityEvent) -> String {
        switch event {
        case .movedTo(let careOf, nil): "care-of address \(careOf)"
        case .movedTo(let careOf, let old?): "care-of address \(careOf), before: \(old)"
        case .unreachable: "no care-of address: the home agent cannot be reached"
        case .returnedHome: "returned home"
        case .bindingUpdateSent(let sequence, let careOf, let lifetime, let attempt):
            "sent Binding Update \(sequence) for care-of address \(careOf), lifetime \(lifetime) s"
                + (attempt == 1 ? "" : ", attempt \(attempt)")
        case .bindingAccepted(let sequence, let lifetime):
            "Binding Update \(sequence) accepted, lifetime \(lifetime) s"
        case .bindingRefused(let sequence, let status): "Binding Update \(sequence) refused: \(text(status))"
        case .rejected(let agent): "no more Binding Updates to \(agent) until mip6d is started again"
        case .bindingEnded(let home): "binding of \(home) ended"
        case .bindingExpired(let home): "binding of \(home) expired"
        case .bindingRegistered(let home, let careOf, let sequence, let lifetime):
            "binding of \(home) to care-of address \(careOf) by Binding Update \(sequence), lifetime \(lifetime) s"
        case .updateRefused(let home, let sequence, let status):
            "Binding Update \(sequence) of \(home) refused: \(text(status))"
        case .dropped(let source, let reason): "message from \(source) dropped: \(reason)"
        }
    }

    /// The words of RFC 6275 §6.1.8.
    private static func text(_ status: BindingAcknowledgement.Status) -> String {
        switch status {
        case .accepted: "accepted"
        case .reasonUnspecified: "reason unspecified"
        case .administrativelyProhibited: "administratively prohibited"
        case .insufficientResources: "insufficient resources"
        case .homeRegistrationNotSupported: "home registration not supported"
        case .notHomeSubnet: "not home subnet"
        case .notHomeAgent: "not home agent for this mobile node"
        case .duplicateAddress: "Duplicate Address Detection failed"
        case .sequenceOutOfWindow: "sequence number out of window"
        case .other(let number): "status \(number)"
        }
    }

    /// A change that the kernel refused, and what mends it.
    static func refusal(_ action: MobilityAction, _ error: NetlinkError, noEntry: Int32, noData: Int32) -> String {
        guard case .migrate = action else { return "\(error)" }
        if error.code == noData {
            return "\(error): the policy that the kernel finds for it has other ends; "
                + "no policy with a priority as good or better may cover the same packets"
        }
        if error.code == noEntry { return "\(error): its policy has been taken away by somebody else" }
        return "\(error)"
    }
}
