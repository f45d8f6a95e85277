import CLinux
import DataPlane
import ESP
import Glibc
import IKECrypto
import IKEModel
import LinuxSystem
import NetAddress
import Netlink

/// A Child SA as it works: both ESP halves, their policy, and where its packets go.
final class SecurityAssociation {
    private(set) var installation: ChildInstallation
    var outbound: OutboundSA
    var inbound: InboundSA
    private(set) var pairs: SelectorPairs
    /// See `PolicyState.priority`.
    private(set) var priority: UInt32
    /// The MTU that it wants of the routing, while its policy is in the database.
    var wishedMTU: Int?
    /// The order of installation, for listings: the newest first.
    let number: UInt64
    /// Packets whose inner addresses the SA does not allow (RFC 4301 §5.2 step 4).
    var policyFailures: UInt64 = 0
    /// Seconds since 1970.
    var lastSentSeconds: Int64?
    var lastReceivedSeconds: Int64?
    /// The sequence numbers ran out and that was reported.
    var isExhausted = false
    /// Whether it has limits at all, and which of them were reported.
    let isLimited: Bool
    var isSoftReported = false
    /// Where the peer's encapsulated packets came from last, once that differs from what was installed.
    var mapped: Endpoint?
    /// The short way for ESP of protocol 50; nil with encapsulation. Most SAs never send enough at once to need one.
    var path: DirectPath? {
        if let madePath { return madePath }
        guard let netlink else { return nil }
        madePath = DirectPath(
            netlink: netlink, mark: DataPlaneUserspace.bypassMark, local: installation.local,
            remote: installation.remote)
        return madePath
    }
    private var madePath: DirectPath?
    private var netlink: NetlinkSocket?

    /// - Parameter netlink: by which a short way is looked for; nil: there is to be none.
    func openPath(_ netlink: NetlinkSocket?) {
        madePath = nil
        self.netlink = netlink
    }

    /// The peer's sockaddr, which the send queue points to.
    let destination: UnsafeMutablePointer<DatagramAddress>

    init(_ installation: ChildInstallation, number: UInt64) throws(DataPlaneError) {
        self.installation = installation
        self.number = number
        isLimited = installation.limits != CarryLimits()
        pairs = SelectorPairs(local: installation.localSelectors, remote: installation.remoteSelectors)
        priority = PolicyState.priority(installation.localSelectors, installation.remoteSelectors)
        let suite = installation.suite
        func keys(_ direction: ESPDirection) -> ESPKeys {
            ESPKeys(
                encryption: suite.cipher.algorithm, keyBits: suite.cipher.keyBits == 0 ? nil : suite.cipher.keyBits,
                integrity: suite.integrity, encryptionKey: direction.encryptionKey,
                integrityKey: direction.integrityKey, usesESN: suite.extendedSequenceNumbers)
        }
        let window =
            installation.replayWindow <= 0
            ? 0
            : min(max(installation.replayWindow, ReplayWindow.sizes.lowerBound), ReplayWindow.sizes.upperBound)
        do throws(ESPError) {
            outbound = try OutboundSA(spi: installation.outbound.spi.value, keys: keys(installation.outbound))
            inbound = try InboundSA(
                spi: installation.inbound.spi.value, keys: keys(installation.inbound), windowSize: window)
        } catch {
            throw DataPlaneError("user-space ESP cannot use \(suite.cipher.algorithm.name)'s keys: \(error)")
        }
        destination = .allocate(capacity: 1)
        destination.initialize(to: DatagramAddress(Self.peer(of: installation)))
    }

    deinit {
        destination.deinitialize(count: 1)
        destination.deallocate()
    }

    private static func peer(of installation: ChildInstallation) -> Endpoint {
        // sin6_port of a raw socket must be 0 or the protocol.
        switch installation.encapsulation {
        case .none: Endpoint(installation.remote, port: 0)
        case .udp(_, let port): Endpoint(installation.remote, port: port)
        case .tcp(_, let port): Endpoint(installation.remote, port: port, transport: .tcp)
        }
    }

    /// Where the peer's encapsulated packets come from.
    var expectedPeer: Endpoint { mapped ?? Self.peer(of: installation) }
    /// The ends of the TCP connection that carries the packets; nil with another way.
    var stream: StreamEnds? {
        guard case .tcp(let local, let remote) = installation.encapsulation else { return nil }
        return StreamEnds(
            local: Endpoint(installation.local, port: local, transport: .tcp),
            remote: Endpoint(installation.remote, port: remote, transport: .tcp))
    }

    var isEncapsulated: Bool { installation.encapsulation != .none }
    /// nil without encapsulation.
    var encapsulationLocal: Endpoint? {
        guard case .udp(let port, _) = installation.encapsulation else { return nil }
        return Endpoint(installation.local, port: port)
    }

    /// Its policy must not be in the database meanwhile: it may get another rank there.
    func follow(_ move: ChildMove) {
        installation.follow(move)
        if move.selectors != nil {
            pairs = SelectorPairs(local: installation.localSelectors, remote: installation.remoteSelectors)
            priority = PolicyState.priority(installation.localSelectors, installation.remoteSelectors)
        }
        mapped = nil
        destination.pointee = DatagramAddress(Self.peer(of: installation))
    }

    /// What had been sent when idleness was last asked for, and how many times in a row nothing was.
    private var packetsWhenAsked: UInt64 = 0
    private var idleTimes = 0

    /// Whether none of them has sent anything since this was asked the time before the last; then it counts anew.
    static func areIdle(_ all: [SecurityAssociation]) -> Bool {
        var areIdle = true
        for one in all {
            let sent = one.outbound.counters.packets
            one.idleTimes = sent == one.packetsWhenAsked ? one.idleTimes + 1 : 0
            one.packetsWhenAsked = sent
            if one.idleTimes < 2 { areIdle = false }
        }
        if areIdle { for one in all { one.idleTimes = 0 } }
        return areIdle
    }

    /// The longest inner packet whose outer one fits the path. At least 1280 for IPv6 inside (RFC 8200 §5): longer ones
    /// travel in fragments.
    func innerMTU(pathMTU: Int) -> Int {
        let outerHeader = installation.local.family == .v4 ? 20 : 40
        let encapsulation =
            switch installation.encapsulation {
            case .none: 0
            case .udp: 8
            // A header with timestamps, and the length (RFC 9329 §3): one packet fills one segment.
            case .tcp: 32 + 2
            }
        let payload = outbound.longestPayload(within: pathMTU - outerHeader - encapsulation)
        return installation.mode == .transport ? payload + outerHeader : payload
    }

    var counters: ChildCounters {
        var counters = ChildCounters()
        counters.inboundOctets = inbound.counters.octets
        counters.inboundPackets = inbound.counters.packets
        counters.outboundOctets = outbound.counters.octets
        counters.outboundPackets = outbound.counters.packets
        counters.replays = inbound.counters.replays
        counters.integrityFailures = inbound.counters.integrityFailures + inbound.counters.malformed
        counters.policyFailures = policyFailures
        return counters
    }

    /// The outbound half, then the inbound one, as the kernel lists them: the one made last first.
    var states: [SAState] {
        let window = inbound.window
        let highest = window.highest
        var bitmap = [UInt32](repeating: 0, count: (window.size + 31) / 32)
        for back in 0..<min(UInt64(window.size), highest) where window.check(highest - back) == .duplicate {
            bitmap[Int(back / 32)] |= 1 << UInt32(back % 32)
        }
        return [
            SAState(
                installation: installation, isInbound: false, sequence: outbound.sequence, replayBitmap: [],
                lastUsedSeconds: lastSentSeconds),
            SAState(
                installation: installation, isInbound: true, sequence: highest, replayBitmap: bitmap,
                lastUsedSeconds: lastReceivedSeconds),
        ]
    }
}
