import Glibc
import LinuxSystem
import MobileIPv6
import NetAddress
import Netlink

/// The daemon: one thread that waits for messages, address changes, times and signals, asks the pure machine, and does what
/// it says.
final class MobilityDaemon {
    private static let allNodes = IPAddress("ff02::1")!
    /// Lines at most that whoever started it is told.
    private static let complaintLimit = 20

    private enum Machine {
        case node(MobileNode)
        case agent(HomeAgent)

        mutating func handle(_ input: MobilityInput, at now: Int64) -> [MobilityAction] {
            switch self {
            case .node(var node):
                defer { self = .node(node) }
                return node.handle(input, at: now)
            case .agent(var agent):
                defer { self = .agent(agent) }
                return agent.handle(input, at: now)
            }
        }
    }

    private let configuration: MobilityConfiguration
    private let loop: EventLoop
    private let log = SystemLog()
    private let kernel: KernelHand
    private let mobility: MobilitySocket
    private let prefixes: MobilitySocket
    private let watch: HostWatch
    private var machine: Machine
    private var timer: TimerToken?
    private var known: [IPAddress]?
    private var exchange = PrefixExchange()
    /// Of lines that somebody's packets make.
    private var limit = LineLimit()
    /// What went wrong while it started.
    private(set) var complaints: [String] = []

    init(_ configuration: MobilityConfiguration) throws {
        self.configuration = configuration
        loop = try EventLoop()
        kernel = try KernelHand(
            agent: configuration.role == .homeAgent ? configuration.policySets.first?.homeAgent : nil)
        mobility = try MobilitySocket()
        prefixes = try MobilitySocket(icmpTypes: PrefixExchange.solicitation, PrefixExchange.advertisement)
        watch = try HostWatch(includesLinks: true)
        switch configuration.role {
        case .mobileNode:
            machine = .node(MobileNode(configuration, sequence: UInt16.random(in: 0...UInt16.max)))
        case .homeAgent:
            machine = .agent(HomeAgent(configuration))
            try kernel.allowProxies()
        }
    }

    /// Why a home agent does not start.
    struct StartFailure: Error, CustomStringConvertible {
        let description: String
    }

    /// Up to the first Binding Update, or to where the home agent waits for one.
    func start() throws {
        log.line(MobilityWording.started(configuration.role))
        try loop.watch(mobility.descriptor.rawValue, .read) { [unowned self] _ in receive() }
        try loop.watch(prefixes.descriptor.rawValue, .read) { [unowned self] _ in receivePrefixes() }
        try loop.watch(watch.descriptor.rawValue, .read) { [unowned self] _ in
            if watch.drain() { lookAround() }
        }
        try loop.watchSignals([SIGTERM, SIGINT]) { [unowned self] _ in
            feed(.stop)
            loop.stop()
        }
        feed(.start(left: try kernel.leftCareOfAddresses(configuration)))
        // Without its policies a home agent would register whoever asks (RFC 6275 §10.3.1: authenticated updates only).
        if configuration.role == .homeAgent, configuration.usesIPsec, let complaint = complaints.first {
            feed(.stop)
            throw StartFailure(description: complaint)
        }
        // What came before the policies stood.
        while mobility.receive() != nil {}
        lookAround()
    }

    func run() throws {
        try loop.run()
        tellOmitted(limit.takeOmitted())
        log.line(MobilityWording.stopped(configuration.role))
    }

    // MARK: In

    private var now: Int64 { EventLoop.nowNanoseconds / 1_000_000 }

    private func lookAround() {
        guard let link = configuration.homeLink else { return }
        let interfaces = Set(configuration.interfaces + [link.interface])
        do {
            let found = try kernel.addresses(of: interfaces, besides: link.homeAddress.address)
            guard found != known else { return }
            known = found
            feed(.addresses(found))
        } catch { complain("\(error)") }
    }

    private func receive() {
        while let (octets, source, destination) = mobility.receive() {
            do {
                let message = try MobilityHeader.message(octets, from: source, to: destination)
                feed(.message(message, from: source, to: destination))
            } catch { report(.dropped(from: source, "\(error)")) }
        }
    }

    /// A home agent answers a solicitation of one of its nodes.
    private func receivePrefixes() {
        while let (octets, source, destination) = prefixes.receive() {
            if exchange.isAwaited(octets) {
                limited("Mobile Prefix Advertisement from \(source)")
                feed(.prefixesAdvertised(from: source))
                continue
            }
            guard let set = configuration.policySets.first(where: { $0.homeAddress == source }),
                set.homeAgent == destination, configuration.role == .homeAgent,
                let answer = exchange.answer(to: octets, of: source, at: now)
            else { continue }
            attempt { () throws(SystemError) in try prefixes.send(answer, from: destination, to: source) }
        }
    }

    private func feed(_ input: MobilityInput) {
        for action in machine.handle(input, at: now) { carryOut(action) }
    }

    // MARK: Out

    private func carryOut(_ action: MobilityAction) {
        switch action {
        case .send(let datagram):
            let octets = MobilityHeader.octets(
                of: datagram.message, from: datagram.source, to: datagram.destination)
            attempt { () throws(SystemError) in
                try mobility.send(
                    octets, from: datagram.source, to: datagram.destination, via: datagram.careOfAddress,
                    interface: datagram.isOnHomeLink ? kernel.homeLink ?? 0 : 0, isOnLink: datagram.isOnHomeLink)
            }
        case .solicitPrefixes(let source, let destination):
            let octets = exchange.solicit(identifier: UInt16.random(in: 0...UInt16.max))
            attempt { () throws(SystemError) in try prefixes.send(octets, from: source, to: destination) }
        case .advertise(let address, let source, let interface): advertise(address, from: source, interface)
        case .wake(let time):
            if let timer { loop.cancel(timer) }
            timer = time.map { time in
                loop.schedule(at: time * 1_000_000) { [unowned self] in
                    timer = nil
                    feed(.timer)
                }
            }
        case .event(let event): report(event)
        default:
            do { try kernel.carryOut(action) } catch {
                complain(MobilityWording.refusal(action, error, noEntry: ENOENT, noData: ENODATA))
            }
        }
    }

    private func advertise(_ address: IPAddress, from source: IPAddress, _ interface: String?) {
        do {
            guard let card = try kernel.card(of: interface) else { return }
            try prefixes.send(
                NeighborAdvertisement.octets(of: address, at: card.mac), from: source, to: Self.allNodes,
                interface: card.index
            )
        } catch { limited("\(error)") }
    }

    /// What is lost is sent again.
    private func attempt(_ body: () throws(SystemError) -> Void) {
        do { try body() } catch { limited("\(error)") }
    }

    private func report(_ event: MobilityEvent) {
        let line = MobilityWording.line(event)
        if event.isOthersDoing { limited(line) } else { log.line(line) }
    }

    private func limited(_ line: String) {
        guard let omitted = limit.admit(at: now) else { return }
        tellOmitted(omitted)
        log.line(line)
    }

    private func tellOmitted(_ count: Int) {
        if count > 0 { log.line(MobilityWording.omitted(count)) }
    }

    private func complain(_ text: String) {
        log.line(text)
        if complaints.count < Self.complaintLimit { complaints.append(text) }
    }
}
