/// What went through one SA.
package struct SACounters: Hashable, Sendable {
    /// Packets sealed, or opened and accepted.
    package internal(set) var packets: UInt64 = 0
    /// The octets that ESP protected, without header, padding and ICV: the whole inner packet in tunnel mode (84 for an
    /// ordinary ping), what stands behind the IP header in transport mode (64). The kernel and pluto count the same.
    package internal(set) var octets: UInt64 = 0
    /// Inbound packets refused by the replay window: duplicates and stale ones.
    package internal(set) var replays: UInt64 = 0
    package internal(set) var integrityFailures: UInt64 = 0
    /// Inbound packets that were too short, misaligned or wrongly padded.
    package internal(set) var malformed: UInt64 = 0

    package init() {}
}
