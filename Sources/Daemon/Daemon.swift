package import DataPlane
package import DialectKit
package import IKEModel
package import LinuxSystem
import NetAddress

/// The one owner of engine, data plane and dialect, and the only one who calls them: it carries what one of them wants to
/// the others, in order.
///
/// What is wanted lies on a stack (`Agenda`), next on top. An engine's outputs are put there in order, and so are the
/// effects that a dialect answers an event with; a command among the effects puts what comes of it on top of the effects
/// behind it. So consequences come before what follows, without recursion, and a console shows things as they came about.
package final class Daemon {
    /// The parts of a daemon.
    package struct Parts {
        package var loop: EventLoop
        package var engine: any EngineDriver
        package var dataPlane: any DataPlane
        package var dialect: any Dialect
        package var sockets: IKESockets
        package var log: LogFile
        /// Where keys are exported to; nil (the default): nowhere.
        package var keyTables: KeyTables?

        package init(
            loop: EventLoop, engine: any EngineDriver, dataPlane: any DataPlane, dialect: any Dialect,
            sockets: IKESockets, log: LogFile, keyTables: KeyTables? = nil
        ) {
            self.loop = loop
            self.engine = engine
            self.dataPlane = dataPlane
            self.dialect = dialect
            self.sockets = sockets
            self.log = log
            self.keyTables = keyTables
        }
    }

    let loop: EventLoop
    let engine: any EngineDriver
    let dataPlane: any DataPlane
    let dialect: any Dialect
    let sockets: IKESockets
    let log: LogFile
    private let keyTables: KeyTables?
    private let scripts: ScriptRunner
    private let fetcher: HTTPFetcher
    private var control: ControlServer?

    private var agenda = Agenda()
    private var isWorking = false
    private var wakeUp: TimerToken?
    private var hostWatch: HostWatch?
    private var hostReport: TimerToken?
    private var dialectWakeUp: TimerToken?
    private var watchedDescriptors: [Int32] = []
    /// Statuses given in this run of work: sent at its end, as only then is it known whether the daemon ends with it.
    private var finished: [(session: SessionID, status: Int32)] = []
    /// Sessions whose status is not 0, whatever their end says.
    private var failed: Set<SessionID> = []
    /// Why the log's file could not be opened.
    private var logFailure: SystemError?
    /// Set by the effect `exit`.
    package private(set) var isExiting = false

    package init(_ parts: Parts) {
        loop = parts.loop
        engine = parts.engine
        dataPlane = parts.dataPlane
        dialect = parts.dialect
        sockets = parts.sockets
        log = parts.log
        keyTables = parts.keyTables
        scripts = ScriptRunner(loop: parts.loop)
        fetcher = HTTPFetcher(loop: parts.loop)
        scripts.onEnd = { [unowned self] in perform(dialect.scriptEnded($0, $1, self)) }
        sockets.onOpen = { [unowned self] descriptor, local in
            do { try dataPlane.prepare(socket: descriptor, local: local) } catch {
                log.line("swand: data plane \(dataPlane.name): \(error)")
            }
        }
        sockets.onDatagram = { [unowned self] in feed(.datagram($0)) }
        sockets.onEncapsulated = { [unowned self] in
            dataPlane.receiveEncapsulated($0, local: $1, remote: $2, at: now)
        }
        sockets.streams.onReport = { [unowned self] in feed(.stream($0)) }
        sockets.streams.inUse = { [unowned self] in
            Set(engine.ikeSAs.map { IKEStreams.Ends(local: $0.local, remote: $0.remote) })
        }
        sockets.onBatchBegin = { [unowned self] in
            log.gather()
            dataPlane.beginBatch()
        }
        sockets.onBatchEnd = { [unowned self] in
            dataPlane.endBatch()
            takeReports()
            log.settle()
        }
    }

    package var now: Instant { Instant(nanoseconds: EventLoop.nowNanoseconds) }

    // MARK: Life

    /// Listens on the dialect's ports and lets it read its configuration.
    /// - Throws: `SystemError` for a port that cannot be had (a daemon that hears nothing is worse than none), `StartFailure`
    ///   for a configuration that is no use or a log that cannot be written.
    package func start() throws {
        if let failure = sockets.listen(ports: dialect.ports).first { throw failure }
        watchDataPlane()
        watchHost()
        perform(try dialect.start(self))
        watchDataPlane()
        if let logFailure { throw StartFailure("cannot write the log: \(logFailure)") }
    }

    /// Takes clients from here on.
    package func serve(_ control: ControlServer) {
        self.control = control
        control.onRequest = { [unowned self] session, request in
            perform(dialect.accept(request, from: session, self))
            watchDataPlane()
            takeReports()
        }
        control.onDisconnect = { [unowned self] in dialect.disconnected($0) }
    }

    /// Turns the loop until a dialect wants an end.
    package func run() throws(SystemError) {
        if !isExiting { try loop.run() }
    }

    /// Deletes every SA, the peers told once, and ends `run()`.
    package func terminate() { perform([.command(.shutdown), .exit]) }

    /// Takes away all that the daemon made in the system, and tells the clients that it ends.
    package func shutdown() {
        if let wakeUp { loop.cancel(wakeUp) }
        if let hostReport { loop.cancel(hostReport) }
        if let dialectWakeUp { loop.cancel(dialectWakeUp) }
        if let hostWatch { loop.unwatch(hostWatch.descriptor.rawValue) }
        hostWatch = nil
        scripts.shutdown(waitingAtMost: .seconds(2))
        for descriptor in watchedDescriptors { loop.unwatch(descriptor) }
        watchedDescriptors = []
        fetcher.shutdown()
        sockets.shutdown()
        dataPlane.shutdown()
        let statuses = Dictionary(finished.map { ($0.session, $0.status) }) { first, _ in first }
        control?.shutdown(statuses: statuses, waitingAtMost: .seconds(2))
    }

    // MARK: Work

    /// Hands an input to the engine and carries out what comes of it.
    package func feed(_ input: Input) {
        agenda.push(consult(input))
        work()
    }

    private func perform(_ effects: [DialectEffect]) {
        agenda.push(effects)
        work()
    }

    /// The engine's wake-up is set before its outputs are carried out: one of them may lead to a newer wish, which counts.
    private func consult(_ input: Input) -> [Output] {
        let now = now
        // Each time anew: the time of day may be set while the daemon runs.
        engine.setWallClock(secondsSince1970: wallClockMicroseconds / 1_000_000, at: now)
        let outputs = engine.handle(input, at: now)
        for case .wake(let time) in outputs { setWakeUp(time) }
        return outputs
    }

    private func setWakeUp(_ time: Instant?) {
        if let wakeUp { loop.cancel(wakeUp) }
        wakeUp = time.map { time in
            loop.schedule(at: time.nanoseconds) { [unowned self] in
                wakeUp = nil
                feed(.timer)
            }
        }
    }

    private func work() {
        // From within: whoever began to work goes on with what was put on top.
        if isWorking { return }
        isWorking = true
        log.gather()
        var steps = 0
        while let item = agenda.pop() {
            steps += 1
            if steps > Agenda.greatestStepCount {
                log.line(
                    "swand: gave up after \(steps) steps: the dialect and the engine answer each other without end")
                agenda.removeAll()
                break
            }
            switch item {
            case .output(let output): carryOut(output)
            case .effect(let effect): carryOut(effect)
            }
        }
        isWorking = false
        log.settle()
        // Before anyone is told that it is done, and looks there.
        if isExiting || !finished.isEmpty { log.write() }
        if isExiting { return loop.stop() }
        for (session, status) in finished { control?.finish(session, status: status) }
        finished = []
    }

    private func carryOut(_ output: Output) {
        switch output {
        case .transmit(let datagram):
            if dataPlane.transmit(datagram, at: now) { return }
            // Lost datagrams are UDP's nature: retransmission mends it, and the log says why it was needed.
            do { try sockets.transmit(datagram) } catch { log.line("swand: \(error)") }
        case .dataPlane(let change):
            export(change)
            do { try dataPlane.apply(change) } catch {
                log.line("swand: data plane \(dataPlane.name): \(error)")
                // What the engine says behind the change took it for done.
                agenda.withdraw { change.isClaimed(by: $0) }
                if let report = change.failure(error.description) { agenda.push(consult(.dataPlane(report))) }
            }
            watchDataPlane()
            takeReports()
        case .stream(.open(let purpose, let local, let remote, let timeout)):
            let failure = sockets.streams.open(purpose, local: local, remote: remote, timeout: timeout)
            if let failure { agenda.push(consult(.stream(failure))) }
        case .stream(.close(let local, let remote)): sockets.streams.close(.init(local: local, remote: remote))
        case .fetch(let request):
            fetcher.fetch(request.url, limit: request.limit, timeout: request.timeout, isForAnybody: true) {
                [unowned self] result in
                switch result {
                case .success(let octets): feed(.fetched(FetchReport(number: request.number, octets: octets)))
                case .failure(let failure):
                    feed(.fetched(FetchReport(number: request.number, octets: nil, reason: failure.description)))
                }
            }
        case .wake: break
        case .event(.ikeKeys(let ike, let keys)):
            export(keys)
            if dialect.showsKeys { agenda.push(dialect.render(.ikeKeys(ike, keys), self)) }
        case .event(let event): agenda.push(dialect.render(event, self))
        }
    }

    // MARK: Keys

    private func export(_ keys: ExportedIKEKeys) {
        do { try keyTables?.add(keys) } catch { log.line("swand: keys are not exported: \(error)") }
    }

    private func export(_ change: KernelChange) {
        do { try keyTables?.add(change) } catch { log.line("swand: keys are not exported: \(error)") }
    }

    private func carryOut(_ effect: DialectEffect) {
        switch effect {
        case .command(let command): agenda.push(consult(.command(command)))
        case .write(let session, let text): control?.write(text, to: session)
        case .writeError(let session, let text): control?.write(text, to: session, isError: true)
        case .finish(let session, let status):
            let hasFailed = failed.remove(session) != nil
            finished.append((session, hasFailed && status == 0 ? 1 : status))
        case .fail(let session): failed.insert(session)
        case .log(let text): log.line(text)
        case .logFile(let path, let append):
            do { try log.open(path, append: append) } catch {
                logFailure = error
                log.line("swand: \(error)")
            }
        case .listen(let ports, let then, let otherwise):
            let failures = sockets.listen(ports: ports)
            for failure in failures { log.line("swand: \(failure)") }
            agenda.push(failures.isEmpty ? then : otherwise)
        case .run(let script): scripts.add(script)
        case .fetch(let request):
            let began = EventLoop.nowNanoseconds
            fetcher.fetch(request.url, limit: request.limit, timeout: request.timeout) { [unowned self] result in
                let milliseconds = Int((EventLoop.nowNanoseconds - began) / 1_000_000)
                let told = result.mapError { FetchFailure($0, request.url, milliseconds: milliseconds) }
                perform(dialect.fetched(request, told, self))
            }
        case .writeFile(let path, let octets, let then, let otherwise):
            do {
                try HostFile.replace(path, octets)
                agenda.push(then)
            } catch {
                log.line("swand: \(error)")
                agenda.push(otherwise)
            }
        case .wake(let delay):
            if let dialectWakeUp { loop.cancel(dialectWakeUp) }
            dialectWakeUp = loop.schedule(at: EventLoop.nowNanoseconds + delay.nanosecondCount) { [unowned self] in
                dialectWakeUp = nil
                perform(dialect.woken(self))
            }
        case .listenStreams(let ports):
            for failure in sockets.streams.listen(ports: ports) { log.line("swand: \(failure)") }
        case .change(let change, let otherwise):
            export(change)
            do { try dataPlane.apply(change) } catch {
                log.line("swand: data plane \(dataPlane.name): \(error)")
                dialect.changeRefused(change)
                agenda.push(otherwise)
            }
            watchDataPlane()
            takeReports()
        case .exit: isExiting = true
        }
    }

    // MARK: Host

    /// A change seldom comes alone; what follows it within this time is told with it.
    private static let hostReportDelay = Duration.milliseconds(50)

    /// Tells the engine of the host's addresses, now and whenever addresses or routes change.
    private func watchHost() {
        do {
            let watch = try HostWatch()
            hostWatch = watch
            try loop.watch(watch.descriptor.rawValue, .read) { [unowned self, unowned watch] _ in
                guard watch.drain(ignoring: dataPlane.routingPort) else { return }
                let effects = dialect.hostChanged(self)
                if !effects.isEmpty { perform(effects) }
                guard hostReport == nil else { return }
                hostReport = loop.schedule(
                    at: EventLoop.nowNanoseconds + Daemon.hostReportDelay.nanosecondCount
                ) { [unowned self] in
                    hostReport = nil
                    reportHost()
                }
            }
        } catch {
            log.line("swand: changes of addresses are not seen: \(error)")
        }
        reportHost()
    }

    private func reportHost() {
        let addresses =
            dataPlane.ownAddresses
            ?? HostAddresses.current().filter { $0.interface != "lo" }.map(\.address).filter { !$0.isLinkLocal }
        var report = HostReport(addresses: addresses)
        for ike in engine.ikeSAs where ike.established != nil && !addresses.contains(ike.local.address) {
            guard report.sources[ike.remote.address] == nil else { continue }
            report.sources[ike.remote.address] = sockets.source(towards: ike.remote.address)
        }
        feed(.host(report))
    }

    // MARK: Data plane

    /// A data plane may open devices as it first needs them, and close them later.
    private func watchDataPlane() {
        let descriptors = dataPlane.descriptors
        guard descriptors != watchedDescriptors else { return }
        for old in watchedDescriptors where !descriptors.contains(old) { loop.unwatch(old) }
        for new in descriptors where !watchedDescriptors.contains(new) {
            do {
                try loop.watch(new, .read) { [unowned self] _ in
                    dataPlane.descriptorReady(new, at: now)
                    takeReports()
                    let effects = dialect.dataPlaneWorked(self)
                    if !effects.isEmpty { perform(effects) }
                }
            } catch {
                log.line("swand: data plane \(dataPlane.name): \(error)")
            }
        }
        watchedDescriptors = descriptors
    }

    private func takeReports() {
        for report in dataPlane.takeReports() { feed(.dataPlane(report)) }
        for datagram in dataPlane.takeDatagrams() { feed(.datagram(datagram)) }
    }
}

extension KernelChange {
    /// Whether an event says that this change has come about.
    fileprivate func isClaimed(by event: Event) -> Bool {
        switch (self, event) {
        case (.install(let installation), .childEstablished(let facts)): facts.child == installation.child
        case (.route(let route), .routed(let connection)): connection == route.connection
        default: false
        }
    }

    /// What the engine is to know of its failure; nil where nothing can be done about it.
    fileprivate func failure(_ reason: String) -> DataPlaneReport? {
        switch self {
        case .install(let installation): .installFailed(installation.child, reason: reason)
        case .remove(let child): .failed(child, reason: reason)
        case .move(let move): .failed(move.child, reason: reason)
        case .route(let route): .routeFailed(route.connection, reason: reason)
        case .unroute, .keepAlive: nil
        }
    }
}

extension FetchFailure {
    init(_ failure: HTTPFailure, _ url: String, milliseconds: Int) {
        switch failure {
        case .malformedURL: self = .malformedURL
        case .unknownHost(let name): self = .unknownHost(name)
        case .system(let error) where error.call == "send": self = .sendFailed(error.reason)
        case .system(let error) where error.call == "recv": self = .receiveFailed(error.reason)
        case .system:
            let place = HTTPLocation(url)
            self = .noConnection(host: place?.host ?? url, port: place?.port ?? 80, milliseconds: milliseconds)
        case .status(let code): self = .status(code)
        case .tooLong: self = .tooLong
        case .timedOut: self = .timedOut(milliseconds: milliseconds)
        case .malformedAnswer: self = .malformedAnswer
        case .busy: self = .busy
        case .forbiddenHost(let address): self = .unknownHost("\(address)")
        }
    }
}
