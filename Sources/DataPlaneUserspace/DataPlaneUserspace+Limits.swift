import ESP
import IKEModel

/// Lifetimes in octets and packets (RFC 4301 §4.4.2.1).
extension DataPlaneUserspace {
    /// Whether a direction that has carried so much may carry another packet. Each limit is reported once an SA, and the
    /// packet that finds it reached reports it.
    func mayCarry(_ association: SecurityAssociation, _ carried: SACounters) -> Bool {
        let limits = association.installation.limits
        let child = association.installation.child
        if carried.octets >= limits.hardOctets || carried.packets >= limits.hardPackets {
            if !association.isExhausted {
                association.isExhausted = true
                reports.append(.expired(child, hard: true))
            }
            return false
        }
        if !association.isSoftReported, carried.octets >= limits.softOctets || carried.packets >= limits.softPackets {
            association.isSoftReported = true
            reports.append(.expired(child, hard: false))
        }
        return true
    }
}
