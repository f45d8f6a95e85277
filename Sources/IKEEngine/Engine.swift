package import IKECrypto
package import IKEModel
package import IKEWire
import NetAddress

/// The IKEv2 protocol without input or output (RFC 7296, RFC 5723, RFC 7383).
///
/// It is told things (`Input`) together with the time, and answers with what is to be done (`Output`), in order.
/// It owns no clock, no socket and no source of randomness: with the same inputs and the same random octets it gives
/// the same outputs, octet for octet. Nothing that a peer sends can stop it: a message is answered, or dropped with an
/// event that says why.
///
/// Where to read on:
/// - IKE SAs come up in `Engine+IKESAInit`, `Engine+IKEAuth`, `Engine+SessionResume`; they work in
///   `Engine+Informational`; they end in `Engine+Deletion`.
/// - Datagrams enter in `Engine+Receive`; requests leave, are repeated and given up in `Engine+Requests`.
/// - What is different over TCP is in `Engine+Streams`.
/// - The operator's wishes are in `Engine+Commands`, connections that stay up in `Engine+Revival`.
package final class Engine {
    var profile: WireProfile
    var random: any RandomSource
    /// Whether the keys of every IKE SA are handed out as an event, so that a test can decode what crossed the wire.
    package var exportsKeys = false
    var impairments = Impairments()
    /// For simulators: what goes wrong on purpose inside of SK payloads.
    package var tamper: PlaintextTamper?
    /// For simulators: what IKE_INTERMEDIATE carries, as an extension would have it do (RFC 9242 §3.2).
    package var intermediatePayloads: [Payload] = []
    /// Kept only while an impairment asks for it.
    var recordedOutbound: [Datagram] = []
    var recordedInbound: [Datagram] = []
    var secrets = PreSharedKeys()
    var credentials = Credentials()
    /// Seconds since 1970 at the instant zero.
    private var epochSeconds: Int64 = 0
    var vault: TicketVault
    var leases = AddressLeases()
    var globalRedirect: IPAddress?
    /// The last report's.
    var hostAddresses: [IPAddress] = []

    var records: [ConnectionID: ConnectionRecord] = [:]
    var ikes: [IKESAID: IKESA] = [:]
    let index = IKESAIndex()
    var childSAsByID: [ChildSAID: ChildSA] = [:]
    /// IKE SAs by the SPI that the peer must name.
    var ikeByLocalSPI: [UInt64: IKESAID] = [:]
    /// The responder's half-open IKE SAs by what a repeated first request has in common with the first.
    var ikeByInitialRequest: [InitialRequest: IKESAID] = [:]
    /// The responder's IKE SAs whose peer has not proved its identity: what the limits of RFC 7296 §2.6 count.
    var halfOpenIKEs: Set<IKESAID> = []
    var childByInboundSPI: [ESPSPI: ChildSAID] = [:]
    var childrenByConnection: [ConnectionID: Set<ChildSAID>] = [:]
    /// The connections whose `terminate` or `suspend` waits for an SA's end.
    var endsAwaited: [EndingSA: Set<ConnectionID>] = [:]

    var timers = TimerQueue()
    var now = Instant.zero
    var outbox: [Output] = []
    private var lastWake: Instant?
    private var lastNumber: UInt64 = 0
    var cookieSecrets: CookieSecrets
    /// What waits for `gather` to be taken back, in order.
    var isGathering = false
    var gathered: [IKESAID] = []
    var lastAnswers = LastAnswers()
    /// What was asked for and is not reported, by its number: whom it is for, and where that peer is, or was.
    var fetches: [UInt64: (ike: IKESAID, address: IPAddress)] = [:]
    /// What a message that anybody can have sent makes this end do (RFC 7296 §2.4): answers in clear, …
    var clearAnswers = RateLimit(burst: 50, interval: .milliseconds(20))
    /// … answers of IKE SAs that are gone, once more: a thousand of them are kept; …
    var repetitions = RateLimit(burst: 1000, interval: .milliseconds(10))
    /// … and a question to the peer whether it lives.
    var complaints = RateLimit(burst: 5, interval: .seconds(1))

    struct InitialRequest: Hashable {
        var initiatorSPI: IKESPI
        var remote: Endpoint
    }

    /// - Parameter random: every random octet comes from it: SPIs, nonces, private keys, ticket keys.
    package init(profile: WireProfile, random: some RandomSource) {
        self.profile = profile
        var random = random
        vault = TicketVault(random: &random)
        cookieSecrets = CookieSecrets(random: &random, at: .zero)
        self.random = random
    }

    /// Takes one input at a time that never runs backwards; returns what is to be done, in order.
    package func handle(_ input: Input, at now: Instant) -> [Output] {
        self.now = max(self.now, now)
        switch input {
        case .datagram(let datagram): if admits(datagram) { receive(datagram) }
        case .timer: break
        case .command(let command): carryOut(command)
        case .dataPlane(let report): take(report)
        case .host(let report): take(report)
        case .stream(let report): take(report)
        case .fetched(let report): take(report)
        }
        while let key = timers.takeDue(at: self.now) { fire(key) }
        if exportsKeys { exportNewKeys() }
        let wake = timers.earliest()
        if wake != lastWake {
            lastWake = wake
            outbox.append(.wake(wake))
        }
        defer { outbox = [] }
        return outbox
    }

    private func fire(_ key: TimerKey) {
        switch key {
        case .retransmission(let id): if let ike = ikes[id] { retransmit(ike) }
        case .halfOpen(let id): if let ike = ikes[id] { discard(ike, .failed(.timedOut)) }
        case .liveness(let id): if let ike = ikes[id] { checkLiveness(ike) }
        case .expiry(let id): if let ike = ikes[id] { expire(ike) }
        case .ikeRekey(let id): replaceWhenDue(id)
        case .childRekey(let id): rekeyChild(id)
        case .childExpiry(let id): expireChild(id)
        case .revival(let id): revive(id)
        case .streamReopening(let id): if let ike = ikes[id] { reopenStream(ike) }
        case .ticketKey: rollTicketKey()
        case .keepAlive(let id): if let ike = ikes[id] { keepAlive(ike) }
        }
    }

    /// Tells what the time of day is, by which certificates are judged; where nobody does, it is 1970.
    package func setWallClock(secondsSince1970: Int64, at now: Instant) {
        epochSeconds = secondsSince1970 - now.nanoseconds / 1_000_000_000
    }

    /// Seconds since 1970.
    var wallClock: Int64 { epochSeconds + now.nanoseconds / 1_000_000_000 }

    // MARK: Small things that every part needs

    func emit(_ event: Event) { outbox.append(.event(event)) }

    /// A number for a connection's, an IKE SA's or a Child SA's identifier.
    func nextNumber() -> UInt64 {
        lastNumber += 1
        return lastNumber
    }

    func newIKESPI() -> IKESPI {
        while true {
            let value = random.octets(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            if value != 0, ikeByLocalSPI[value] == nil { return IKESPI(value) }
        }
    }

    /// 256 or more: the rest is reserved (RFC 4303 §2.1).
    func newESPSPI() -> ESPSPI {
        while true {
            let spi = ESPSPI(random.octets(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
            if spi.value >= 256, childByInboundSPI[spi] == nil { return spi }
        }
    }

    func connection(of ike: IKESA) -> Connection? { ike.connection.flatMap { records[$0]?.connection } }
}

extension Engine {
    /// In the order of their numbers.
    package var connections: [ConnectionSnapshot] {
        records.keys.sorted().map { id in
            let record = records[id]!
            let routing: RoutingState =
                record.child != nil ? .routedTunnel : record.isRouted ? .routedOnDemand : .unrouted
            return ConnectionSnapshot(
                connection: record.connection, staysUp: record.staysUp, routing: routing,
                ticket: record.ticket.map { ($0.ticket.count, $0.expires) },
                ike: record.ike.flatMap { ikes[$0]?.established == nil ? nil : $0 }, child: record.child,
                revivalAttempts: record.revivalAttempts)
        }
    }

    package var ikeSAs: [IKESnapshot] { ikes.keys.sorted().compactMap { ikeSA($0) } }

    package func ikeSA(_ id: IKESAID) -> IKESnapshot? {
        guard let ike = ikes[id] else { return nil }
        var snapshot = IKESnapshot(
            ike: id, connection: ike.connection, role: ike.role, state: ike.state, local: ike.local,
            remote: ike.remote, initiatorSPI: ike.initiatorSPI, responderSPI: ike.responderSPI, suite: ike.suite,
            peer: ike.peer, established: ike.established, expires: ike.expires, children: ike.children)
        snapshot.leases = ike.configuration?.addresses ?? ike.leases
        snapshot.rekeyTime = ike.rekeyTime
        snapshot.nextRequestID = ike.nextRequestID
        snapshot.expectedRequestID = ike.requests.expected
        return snapshot
    }

    package var childSAs: [ChildFacts] { childSAsByID.keys.sorted().map { childSAsByID[$0]!.facts } }

    /// Whether a connection has another Child SA.
    package func hasChildSA(of connection: ConnectionID, besides child: ChildSAID) -> Bool {
        // Of two in the set one is another.
        guard let children = childrenByConnection[connection] else { return false }
        return children.count > 1 || children.first != child
    }
}
