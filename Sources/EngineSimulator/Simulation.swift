import IKEEngine
package import IKEModel
import NetAddress

/// What must hold and did not.
package struct Violation: Hashable, Sendable, CustomStringConvertible {
    package var at: Instant
    package var what: String

    package var description: String { "at \(Simulation.seconds(at)): \(what)" }
}

/// Two engines and the link between them, on a clock that moves from one due time to the next.
///
/// The same settings, seed, steps and faults give the same run, octet for octet. What must hold is looked at after every
/// step; what did not is in `violations`.
package final class Simulation {
    /// What crossed the link, or met with a fault on it.
    package struct Passage: Sendable {
        package var number: Int
        package var at: Instant
        package var from: EndName
        package var datagram: Datagram
        package var fault: Fault?
    }

    private struct Flight {
        var arrival: Instant
        var order: Int
        var to: EndName
        var datagram: Datagram
    }

    private static let latency = Duration.milliseconds(10)
    /// Steps without the clock moving, beyond which two engines are taken to run in a circle.
    private static let stepLimit = 2000

    package let west: SimulatedEnd
    package let east: SimulatedEnd
    package private(set) var now = Instant.zero
    package private(set) var faults: FaultPlan
    package private(set) var violations: [Violation] = []
    /// Datagrams sent, and the faults that they met with.
    package private(set) var sent = 0
    package private(set) var met: [Int: Fault] = [:]
    /// IKE SAs that an initiator has seen authenticated.
    package private(set) var handshakes = 0
    package private(set) var events = 0
    /// Called with every datagram and every event; a ladder is made of them.
    /// The ends that must keep the rules.
    package var watched = Set(EndName.allCases)
    package var onPassage: ((Passage) -> Void)?
    package var onEvent: ((Instant, EndName, Event) -> Void)?

    private var path: SimulatedPath
    private var flights: [Flight] = []
    private var order = 0
    private var delayed: [EndName: [Datagram]] = [:]
    private var wire: WireRules
    private var limits = FootprintLimits()
    private var stepsNow = 0

    package init(settings: SimulationSettings, seed: UInt64, faults: FaultPlan = FaultPlan()) {
        west = SimulatedEnd(.west, settings: settings, seed: seed)
        east = SimulatedEnd(.east, settings: settings, seed: seed)
        self.faults = faults
        path = SimulatedPath(settings)
        wire = WireRules(window: settings.requestWindow)
        for end in [west, east] { configure(end) }
    }

    package func end(_ name: EndName) -> SimulatedEnd { name == .west ? west : east }

    private func configure(_ end: SimulatedEnd) {
        if end.settings.usesMobility { reportHost(of: end) }
        for command in end.configuration() { tell(end.name, command) }
    }

    private func reportHost(of end: SimulatedEnd) {
        let peers = Set(end.engine.ikeSAs.map(\.remote.address))
        let report = HostReport(
            addresses: [end.address], sources: Dictionary(uniqueKeysWithValues: peers.map { ($0, end.address) }))
        perform(end.engine.handle(.host(report), at: now), by: end)
    }

    /// An end's host has another address from now on, and no more the one that it had.
    package func relocate(_ name: EndName) {
        let end = end(name)
        let next = (end.address.value & 0xff) + 1
        end.address = IPAddress(family: .v4, value: IPAddress(name == .west ? "192.1.4.0" : "192.1.5.0")!.value + next)
        reportHost(of: end)
    }

    /// The NAT before west makes its mapping anew.
    package func remap() { path.remap() }

    /// What an address of one end's is called at the other.
    func seen(_ address: IPAddress, of name: EndName) -> IPAddress {
        name == .west ? path.outside(Endpoint(address, port: 4500)).address : address
    }

    /// The end forgets all that was: its process was killed and starts again.
    package func restart(_ name: EndName) {
        end(name).restart()
        configure(end(name))
    }

    /// Limits that another attacker may reach: see `FootprintLimits`.
    package func setLimits(_ limits: FootprintLimits) { self.limits = limits }

    package func report(_ what: String) {
        if violations.count < 20 { violations.append(Violation(at: now, what: what)) }
    }

    package func tell(_ name: EndName, _ command: Command) {
        let end = end(name)
        perform(end.engine.handle(.command(command), at: now), by: end)
    }

    /// An operator's wish, as a command line would bring it: to stay up, or to end.
    package func wish(_ name: EndName, _ connection: ConnectionID, up: Bool) {
        if !up { end(name).shielded.remove(connection) }
        tell(name, up ? .initiate(connection, staysUp: true) : .terminate(connection))
    }

    // MARK: Time

    private var nextDue: Instant? {
        var due = flights.map(\.arrival).min()
        for wake in [west.wake, east.wake] { if let wake { due = min(due ?? wake, wake) } }
        return due
    }

    /// Lets everything happen that is due until then.
    package func run(until end: Instant) {
        while let due = nextDue, due <= end, violations.isEmpty { step(at: due) }
        if end > now {
            now = end
            stepsNow = 0
        }
    }

    /// Lets time pass until `isDone` holds, at last until `end`. It is asked where nothing is on its way.
    package func run(until end: Instant, or isDone: () -> Bool) {
        while violations.isEmpty, !(flights.isEmpty && isDone()) {
            guard let due = nextDue, due <= end else { break }
            step(at: due)
        }
    }

    private func step(at due: Instant) {
        if due > now {
            now = due
            stepsNow = 0
        }
        stepsNow += 1
        if stepsNow > Simulation.stepLimit {
            report("\(Simulation.stepLimit) steps without the clock moving")
            return
        }
        if let index = flights.indices.filter({ flights[$0].arrival <= now }).min(by: {
            (flights[$0].arrival, flights[$0].order) < (flights[$1].arrival, flights[$1].order)
        }) {
            let flight = flights.remove(at: index)
            let receiver = end(flight.to)
            perform(receiver.engine.handle(.datagram(flight.datagram), at: now), by: receiver)
            return
        }
        for end in [west, east] {
            if let wake = end.wake, wake <= now { perform(end.engine.handle(.timer, at: now), by: end) }
        }
    }

    /// From now on nothing goes wrong on the link.
    package func heal() {
        faults = FaultPlan()
        for name in EndName.allCases { release(from: name) }
    }

    /// Whether nothing is on its way and neither end waits for anything but its peer's silence.
    package var isQuiet: Bool {
        flights.isEmpty && !west.engine.footprint.isBusy && !east.engine.footprint.isBusy
    }

    // MARK: Outputs

    private func perform(_ outputs: [Output], by end: SimulatedEnd) {
        for output in outputs {
            switch output {
            case .transmit(let datagram): transmit(datagram, from: end.name)
            case .dataPlane(let change): apply(change, to: end)
            // No connection of the simulator goes over TCP.
            case .stream: report("\(end.name.rawValue) wants a stream")
            // Nor are certificates looked up.
            case .fetch: report("\(end.name.rawValue) wants a fetch")
            case .wake(let instant): end.wake = instant
            case .event(let event):
                events += 1
                if case .ikeEstablished(_, .initiator, _, _) = event { handshakes += 1 }
                onEvent?(now, end.name, event)
            }
        }
        guard watched.contains(end.name) else { return }
        if let what = limits.violation(at: end.name, of: end.engine.footprint) {
            report("\(end.name.rawValue): \(what)")
        }
    }

    private func apply(_ change: KernelChange, to end: SimulatedEnd) {
        do {
            try end.plane.apply(change)
        } catch  where watched.contains(end.name) {
            report("\(end.name.rawValue): the data plane refuses: \(error)")
        } catch {}
        guard watched.contains(end.name) else { return }
        if case .install(let installation) = change {
            if wanted(installation.connection, by: end) { end.shielded.insert(installation.connection) }
            let other = self.end(end.name.other)
            if watched.contains(other.name), let peers = other.plane.child(inbound: installation.outbound.spi),
                let what = PairRules.difference(installation, peers)
            {
                report("\(end.name.rawValue): Child SA \(installation.child.number): \(what)")
            }
        }
        if let what = change.child.flatMap({ end.plane.installation(of: $0) }).flatMap(PairRules.misplacement) {
            report("\(end.name.rawValue): \(what)")
        }
        for connection in end.shielded where !end.plane.shields(connection) {
            report("\(end.name.rawValue): packets of connection \(connection.number) go in clear")
        }
    }

    private func wanted(_ id: ConnectionID, by end: SimulatedEnd) -> Bool {
        end.engine.connections.contains { $0.connection.id == id && $0.staysUp }
    }

    private func transmit(_ datagram: Datagram, from name: EndName) {
        let number = sent
        sent += 1
        if watched.contains(name), let what = wire.violation(of: datagram, from: name) {
            report("\(name.rawValue) sent: \(what)")
        }
        let fault = faults.fault(for: number, at: now)
        if let fault { met[number] = fault }
        onPassage?(Passage(number: number, at: now, from: name, datagram: datagram, fault: fault))
        guard let carried = path.carry(datagram, from: end(name), to: end(name.other)) else {
            release(from: name)
            return
        }
        let arriving = Datagram(local: carried.remote, remote: carried.local, octets: carried.octets)
        switch fault {
        case nil: deliver(arriving, from: name, after: Simulation.latency)
        case .drop: break
        case .duplicate:
            deliver(arriving, from: name, after: Simulation.latency)
            deliver(arriving, from: name, after: Simulation.latency + .milliseconds(5))
        case .corrupt(let place):
            var altered = arriving
            let index = Int(place) * altered.octets.count / 256
            altered.octets[index] ^= 1 << (place & 7)
            deliver(altered, from: name, after: Simulation.latency)
        case .delay:
            delayed[name, default: []].append(arriving)
            return
        }
        release(from: name)
    }

    /// What was held back goes behind what has just been sent.
    private func release(from name: EndName) {
        for datagram in delayed.removeValue(forKey: name) ?? [] {
            deliver(datagram, from: name, after: Simulation.latency + .milliseconds(1))
        }
    }

    private func deliver(_ datagram: Datagram, from name: EndName, after delay: Duration) {
        order += 1
        flights.append(Flight(arrival: now + delay, order: order, to: name.other, datagram: datagram))
    }

    /// A datagram that no engine has sent.
    package func inject(_ datagram: Datagram, into name: EndName) {
        order += 1
        flights.append(Flight(arrival: now, order: order, to: name, datagram: datagram))
    }

    package static func seconds(_ instant: Instant) -> String {
        let thousandths = instant.nanoseconds / 1_000_000
        let rest = String(thousandths % 1000)
        return "\(thousandths / 1000)." + String(repeating: "0", count: 3 - rest.count) + rest + " s"
    }
}

extension KernelChange {
    /// What is installed or moved.
    fileprivate var child: ChildSAID? {
        switch self {
        case .install(let installation): installation.child
        case .move(let move): move.child
        case .remove, .route, .unroute, .keepAlive: nil
        }
    }
}
