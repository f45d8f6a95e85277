import IKECrypto
import IKEEngine
import IKEModel
import NetAddress

/// What two Child SAs of two engines that name each other's SPIs must have in common.
enum PairRules {
    /// Says the first difference that there should not be; nil: they are one pair.
    static func difference(_ mine: ChildInstallation, _ theirs: ChildInstallation) -> String? {
        if mine.inbound.spi != theirs.outbound.spi { return "the SPIs of the way back differ" }
        if mine.outbound.encryptionKey.exposed != theirs.inbound.encryptionKey.exposed
            || mine.outbound.integrityKey.exposed != theirs.inbound.integrityKey.exposed
            || mine.inbound.encryptionKey.exposed != theirs.outbound.encryptionKey.exposed
            || mine.inbound.integrityKey.exposed != theirs.outbound.integrityKey.exposed
        {
            return "the keys differ"
        }
        if mine.outbound.encryptionKey.exposed == mine.inbound.encryptionKey.exposed {
            return "both directions have one key"
        }
        if mine.suite.cipher != theirs.suite.cipher || mine.suite.integrity != theirs.suite.integrity
            || mine.suite.extendedSequenceNumbers != theirs.suite.extendedSequenceNumbers
        {
            return "the suites differ"
        }
        if mine.mode != theirs.mode { return "the modes differ" }
        // Each end has its own names for the ends of transport mode: see `misplacement`.
        if mine.mode == .transport { return nil }
        if mine.localSelectors != theirs.remoteSelectors || mine.remoteSelectors != theirs.localSelectors {
            return "the selectors are not mirrored"
        }
        return nil
    }
}

extension PairRules {
    /// Says where transport mode protects other addresses than those that its packets have; nil: nowhere.
    static func misplacement(_ child: ChildInstallation) -> String? {
        guard child.mode == .transport else { return nil }
        let (here, there) = (IPPrefix(host: child.local).range, IPPrefix(host: child.remote).range)
        if child.localSelectors.contains(where: { $0.addresses != here })
            || child.remoteSelectors.contains(where: { $0.addresses != there })
        {
            return "Child SA \(child.child.number) between \(child.local) and \(child.remote) protects other addresses"
        }
        return nil
    }
}

/// How much an engine may keep at any moment, with two connections to one peer.
package struct FootprintLimits: Sendable {
    package var ikes = 40
    package var children = 80
    package var queue = 24
    package var fragmentOctets = 65535 * 2

    /// The most timers that were set at any time: their queue forgets late.
    private var mostTimers: [EndName: Int] = [:]

    package init() {}

    mutating func violation(at end: EndName, of footprint: EngineFootprint) -> String? {
        if footprint.ikes > ikes { return "\(footprint.ikes) IKE SAs" }
        if footprint.children > children { return "\(footprint.children) Child SAs" }
        if footprint.longestQueue > queue { return "\(footprint.longestQueue) requests wait behind one" }
        if footprint.fragmentOctets > fragmentOctets * max(footprint.ikes, 1) {
            return "\(footprint.fragmentOctets) octets of fragments"
        }
        if footprint.ikeSPIs != footprint.ikes {
            return "\(footprint.ikeSPIs) SPIs for \(footprint.ikes) IKE SAs"
        }
        if footprint.misfiled != 0 { return "\(footprint.misfiled) faults in the index of IKE SAs" }
        if footprint.childSPIs != footprint.children {
            return "\(footprint.childSPIs) SPIs for \(footprint.children) Child SAs"
        }
        if footprint.halfOpen > footprint.ikes || footprint.initialRequests > footprint.halfOpen {
            return "\(footprint.initialRequests) first requests of \(footprint.halfOpen) half-open IKE SAs"
        }
        // Seven for an IKE SA, two for a Child SA, one for each connection.
        let timers = 7 * footprint.ikes + 2 * footprint.children + 2
        if footprint.timers > timers { return "\(footprint.timers) timers where \(timers) could be" }
        mostTimers[end] = max(mostTimers[end] ?? 0, footprint.timers)
        if footprint.timerEntries > 2 * (mostTimers[end] ?? 0) + 80 {
            return "\(footprint.timerEntries) entries of \(footprint.timers) timers"
        }
        return nil
    }
}

/// What must hold of the messages of one IKE SA, as anybody sees them on the link.
struct WireRules {
    /// One direction of one IKE SA.
    private struct Way: Hashable {
        var spis: [UInt8]
        var isInitiator: Bool
    }

    /// The messages of one kind in one direction: requests, or responses.
    private struct Series {
        var newest: UInt32
        /// Hashes of the datagrams of each message ID, which are several where it was fragmented. As many message IDs as may be
        /// repeated.
        var datagrams: [UInt32: Set<Int>] = [:]
    }

    private struct Kept {
        var requests: Series?
        var responses: Series?
        /// The greatest initialization vector, which is a counter (RFC 5282 §3.1).
        var vector: UInt64?
    }

    /// Requests that both ends keep apart (RFC 7296 §2.3).
    private let window: UInt32

    init(window: UInt32 = 1) { self.window = window }

    private static let encrypted: Set<UInt8> = [46, 53]
    private static let firstExchanges: Set<UInt8> = [34, 38]
    private var ways: [Way: Kept] = [:]

    /// - Parameter datagram: as it was sent, before the link has done anything to it.
    mutating func violation(of datagram: Datagram, from name: EndName) -> String? {
        let octets = datagram.octets
        guard octets.count >= 28 else { return "a message of \(octets.count) octets" }
        let isResponse = octets[19] & 0x20 != 0
        guard WireRules.encrypted.contains(octets[16]) else {
            if WireRules.firstExchanges.contains(octets[18]) { return nil }
            // A refusal that keeps no state: one Notify, a few octets.
            return isResponse && octets[16] == 41 && octets.count <= 48
                ? nil : "a message of exchange \(octets[18]) in clear"
        }
        let way = Way(spis: Array(octets[0..<16]), isInitiator: octets[19] & 0x08 != 0)
        let messageID = octets[20..<24].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        var kept = ways[way] ?? Kept()
        defer { ways[way] = kept }
        let before = isResponse ? kept.responses : kept.requests
        var series = before ?? Series(newest: messageID)
        // Requests go out in the order of their numbers; their answers may not, within the window.
        if messageID &+ window <= series.newest || messageID > series.newest &+ (isResponse ? window : 1) {
            return "message ID \(messageID) after \(series.newest)"
        }
        if before != nil, messageID < series.newest, !isResponse, series.datagrams[messageID] == nil {
            return "message ID \(messageID) for the first time after \(series.newest)"
        }
        series.newest = max(series.newest, messageID)
        let newest = series.newest
        series.datagrams = series.datagrams.filter { $0.key &+ window > newest }
        defer { if isResponse { kept.responses = series } else { kept.requests = series } }
        guard series.datagrams[messageID, default: []].insert(octets.hashValue).inserted else { return nil }
        let body = octets[16] == 46 ? 32 : 36
        guard octets.count >= body + 8 else { return "an encrypted payload without a vector" }
        let vector = octets[body..<(body + 8)].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        if octets[16] == 46, (series.datagrams[messageID]?.count ?? 0) > 1 {
            return "message ID \(messageID) repeated with other octets"
        }
        if let greatest = kept.vector, vector <= greatest { return "an initialization vector used before" }
        kept.vector = vector
        return nil
    }
}
