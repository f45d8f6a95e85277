import DialectKit
import IKEModel
import NetAddress

/// XFRM_MSG_MIGRATE of a Mobile IPv6 daemon, as the kernel interface tells of it.
extension CharonDialect {
    func renderMigration(_ migration: PolicyMigration, _ view: any DaemonView) -> [DialectEffect] {
        nextJob()
        let policy =
            "\(SelectorText.text(migration.source, version)) === \(SelectorText.text(migration.destination, version))"
        var lines = ["received a XFRM_MSG_MIGRATE", "  policy: \(policy) \(listedDirection(migration.direction))"]
        if let manager = migration.keyManager {
            lines += ["  XFRMA_KMADDRESS", "  kmaddress: \(manager.local)...\(manager.remote)"]
        }
        lines += ["  XFRMA_POLICY_TYPE", "  XFRMA_MIGRATE"]
        for step in migration.steps {
            lines.append(
                "  migrate \(version == .v4_2_9 ? "ESP " : "")\(text(step.oldSource))...\(text(step.oldDestination)) to "
                    + "\(text(step.newSource))...\(text(step.newDestination)), reqid {\(step.reqid)}")
        }
        if migration.keyManager != nil, let reqid = migration.steps.first?.reqid {
            lines.append("creating migrate job for policy \(policy) \(name(migration.direction)) with reqid {\(reqid)}")
        }
        return lines.flatMap { log("KNL", $0, view) }
    }

    private func text(_ address: IPAddress) -> String { address.isUnspecified ? "%any" : "\(address)" }

    private func name(_ direction: PolicyMigration.Direction) -> String {
        switch direction {
        case .inbound: "in"
        case .outbound: "out"
        case .forward: "fwd"
        }
    }

    /// 4.2.9 names the kernel's number by its own table of directions, in which they are one further: its first line and its
    /// last one do not agree.
    private func listedDirection(_ direction: PolicyMigration.Direction) -> String {
        guard version == .v4_2_9 else { return name(direction) }
        switch direction {
        case .outbound: return "in"
        case .inbound: return "out"
        case .forward: return "fwd"
        }
    }
}
