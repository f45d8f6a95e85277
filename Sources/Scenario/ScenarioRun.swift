import Glibc
package import Lab
import LinuxSystem
import NetAddress

/// One run of one scenario, from an empty sandbox to a verdict. To be made inside the sandbox, as its process 1.
package final class ScenarioRun {
    /// How runs are made; the same for all of them.
    package struct Options: Sendable {
        /// The longest that one command may take where the scenario does not say.
        package var timeout: Duration = .seconds(120)
        package var takesCaptures = true
        /// The lab of a run that did not pass is left as it is: no daemon is stopped, `lab` stays.
        package var keepsFailed = false
        /// What the daemons of the hosts do ESP with, as their SWANTEST_DATAPLANE says it; nil: they choose.
        package var dataPlane: String?
        /// Captures and consoles are left for `conclude`, which another process calls: a guest is slow at it.
        package var isConcludedOutside = false
        /// The part of the time since `start` in which a kernel was booted for it.
        package var boot: Duration = .zero

        package init() {}
    }

    private let folder: ScenarioFolder
    private let topology: Topology
    private let layout: HostLayout
    private let output: String
    private let options: Options
    private let progress: (String) -> Void

    private let watch = DescriptorWatch()
    private var shells: [String: HostShell] = [:]
    private var consoles: [String: ConsoleRecorder] = [:]
    private var allConsole: FileDescriptor?
    private var result: ScenarioResult
    /// The lab, while there is one to be kept.
    package private(set) var lab: Lab?
    private let start: ContinuousClock.Instant
    private var phaseStart: ContinuousClock.Instant

    /// - Parameters:
    ///   - output: the folder for everything that the run leaves, absolute; what was in it is removed.
    ///   - start: when the sandbox was asked for, which is part of the run's time.
    ///   - progress: is told what is being done.
    package init(
        folder: ScenarioFolder, topology: Topology, installation: Installation, output: String, repetition: Int,
        options: Options, start: ContinuousClock.Instant, progress: @escaping (String) -> Void
    ) {
        self.start = start
        phaseStart = start
        self.folder = folder
        self.topology = topology
        self.output = output
        self.options = options
        self.progress = progress
        layout = HostLayout(
            folder: folder, installation: installation, output: output, dataPlane: options.dataPlane)
        result = ScenarioResult(name: folder.name, repetition: repetition, verdict: .unresolved)
        result.output = output
        result.startedAt = Self.timeOfDay()
        if options.boot > .zero {
            result.phases.append(Phase("boot", milliseconds: Double(options.boot.microseconds) / 1000))
            phaseStart = start + options.boot
        }
    }

    /// Runs it. Whatever goes wrong becomes the result's reason; result.json is written in any case.
    package func execute() -> ScenarioResult { execute { try run() } }

    /// Goes on where a run with `isConcludedOutside` stopped, in another process: what it left in the folder is looked at.
    /// - Parameter other: what that run came to.
    package func conclude(_ other: ScenarioResult) -> ScenarioResult {
        result = other
        phaseStart = .now
        return execute {
            progress("looking at what crossed the links")
            try judge()
        }
    }

    private func execute(_ body: () throws -> Void) -> ScenarioResult {
        do { try body() } catch {
            result.verdict = .unresolved
            result.reason = "\(error)"
        }
        if result.verdict != .failed && result.verdict != .unresolved { lab = nil }
        result.seconds = Double(start.duration(to: .now).microseconds) / 1e6
        do { try FileSystem.write(output + "/result.json", result.json()) } catch {
            result.verdict = .unresolved
            result.reason = "the result could not be written: \(error)"
        }
        return result
    }

    private func run() throws {
        try layout.prepare()
        endPhase("sandbox")
        let lab = try Lab(topology: topology, hosts: Set(folder.hosts), options: layout.labOptions)
        endPhase("lab")
        self.lab = options.keepsFailed ? lab : nil
        let captures = try startCaptures(lab)
        let impaired = try startImpairedLinks(lab)
        let links = try PostMortem.links(of: lab)
        for host in folder.hosts { try startShell(host, lab) }
        endPhase("shells")
        let peers = try startPeers(lab)
        if !peers.isEmpty { endPhase("daemons") }
        let interruption = try runSteps(lab)
        endPhase("commands")

        let postMortem = PostMortem(
            lab: lab, folder: folder, shells: shells.mapValues(\.processID), peers: peers, links: links, output: output)
        if options.keepsFailed, try interruption != nil || !ConsoleCheck(folder: folder, output: output).isSame {
            try postMortem.collectLogs()
        } else {
            result.findings += try postMortem.run()
        }
        for (host, console) in consoles.sorted(by: { $0.key < $1.key }) {
            result.findings += PostMortem.oddText(console.octets, place: host, what: "console")
        }
        if let captures { result.findings += finish(captures, lab) }
        withExtendedLifetime(impaired) {}
        endPhase("post-mortem")
        allConsole?.close()
        if let interruption {
            result.reason = interruption
            result.isInterrupted = true
        }
        if !options.isConcludedOutside { try judge() }
    }

    /// The daemons of others that the run itself starts.
    private func startPeers(_ lab: Lab) throws -> [StrongSwanDaemon] {
        var peers: [StrongSwanDaemon] = []
        for host in lab.hosts {
            guard let installation = folder.settings.strongSwan(of: host.name),
                StrongSwanDaemon.hasConnections(folder, on: host.name)
            else { continue }
            progress("\(host.name): starting strongSwan")
            peers.append(
                try StrongSwanDaemon(installation, on: host, lab: lab, folder: folder, output: output))
        }
        return peers
    }

    // MARK: Steps

    private func startShell(_ host: String, _ lab: Lab) throws {
        shells[host] = try HostShell(host: host, watch: watch) { arguments, input, output, error in
            try lab.spawn(on: host, arguments, stdin: input, stdout: output, stderr: error).rawValue
        }
        consoles[host] = try ConsoleRecorder(
            host: host, folder: folder.name, path: "\(output)/\(host).console.verbose.txt")
    }

    /// Runs the commands, one at a time, whichever host it is. Returns why it stopped early; nil where it did not.
    private func runSteps(_ lab: Lab) throws -> String? {
        if folder.expectedOfAll != nil {
            allConsole = try FileDescriptor.open(
                output + "/all.console.verbose.txt", O_WRONLY | O_CREAT | O_TRUNC)
        }
        let timeout = folder.settings.timeout ?? options.timeout
        for step in folder.steps {
            guard let shell = shells[step.host], let console = consoles[step.host] else {
                preconditionFailure("no shell on \(step.host)")
            }
            progress("\(step.host) # \(step.text)")
            try console.append(command: step.text)
            var output: [UInt8] = []
            var interruption: String?
            if !step.isComment {
                let answer = shell.run(step.text, timeout: timeout)
                output = answer.output
                result.commands.append(
                    CommandTime(
                        host: step.host, command: step.text,
                        milliseconds: Double(answer.duration.microseconds) / 1000))
                interruption = explain(answer, step, lab, timeout)
            }
            try console.append(output: output)
            if interruption == nil { try console.appendPrompt() }
            try allConsole?.write(Array((console.prompt + step.text + "\n").utf8) + output)
            if let interruption { return interruption }
        }
        return nil
    }

    /// Why a command ends the run; nil where it does not.
    private func explain(
        _ answer: HostShell.Answer, _ step: ScenarioStep, _ lab: Lab, _ timeout: Duration
    ) -> String? {
        let place = "\(step.host), \(step.script) line \(step.line): \(step.text)"
        switch answer.outcome {
        case .finished: return nil
        case .shellEnded: return "the shell ended (\(place))"
        case .tooMuchOutput: return "more than \(HostShell.outputLimit >> 20) MiB of output (\(place))"
        case .timedOut:
            let running = lab.processes(on: step.host).filter { !$0.isZombie }.map(\.name)
            return "no end after \(timeout) (\(place)); running there: \(running.joined(separator: ", "))"
        }
    }

    // MARK: Links

    private func startImpairedLinks(_ lab: Lab) throws -> [ImpairedLink] {
        var impaired: [ImpairedLink] = []
        for link in lab.links where link.isImpaired {
            impaired.append(
                try ImpairedLink(
                    ends: link.ends.map { ($0.host, if_nametoindex($0.middle)) },
                    impairments: folder.settings.impairments.filter { $0.link == link.name }, watch: watch))
        }
        return impaired
    }

    private func startCaptures(_ lab: Lab) throws -> CaptureStation? {
        guard options.takesCaptures else { return nil }
        var links: [(LinkCapture, [UInt32])] = []
        for link in lab.links {
            let exempt = folder.settings.expectedClear.filter { $0.link == nil || $0.link == link.name }
                .map(LinkCapture.Protected.init)
            let capture = try LinkCapture(
                link: link.name, path: "\(output)/\(link.name).pcapng", protected: protected(on: link), exempt: exempt)
            links.append((capture, link.middleInterfaces.map { if_nametoindex($0) }))
        }
        return try CaptureStation(links, watch: watch)
    }

    /// The pairs that must not be in clear on a link: those of which neither network is the link's own.
    private func protected(on link: LabLink) -> [LinkCapture.Protected] {
        let own = topology.hosts.flatMap(\.interfaces).filter { $0.link == link.name }.flatMap(\.addresses)
        return folder.protectedPairs.filter { pair in
            if let only = pair.link { return only == link.name }
            return !own.contains {
                $0.range.intersection(pair.left.range) != nil || $0.range.intersection(pair.right.range) != nil
            }
        }
    }

    private func finish(_ station: CaptureStation, _ lab: Lab) -> [Finding] {
        var findings: [Finding] = []
        let lost = station.finish()
        if lost > 0 { findings.append(Finding(.capture, "links", "\(lost) frames were lost by the capture")) }
        for capture in station.links {
            if let error = capture.writeError { findings.append(Finding(.capture, capture.link, "\(error)")) }
            if let clear = capture.firstClear {
                findings.append(
                    Finding(
                        .clearPacket, capture.link,
                        "\(capture.clearCount) protected packets in clear, the first: \(clear)"))
            }
        }
        if folder.expectsESP && !station.links.contains(where: { $0.espCount > 0 }) {
            findings.append(Finding(.noESP, "links", "a console counts octets of ESP, and no link carried any"))
        }
        return findings
    }

    private func decodeCaptures() throws {
        func addresses(_ isMeant: (TopologyHost) -> Bool) -> Set<IPAddress> {
            Set(topology.hosts.filter(isMeant).flatMap(\.interfaces).flatMap(\.addresses).map(\.address))
        }
        let decoding = CaptureDecoding(
            output: output, exporters: addresses { folder.settings.daemon(of: $0.name) == "swand" },
            hostile: addresses { folder.settings.hostile.contains($0.name) })
        let links = Set(topology.hosts.flatMap(\.interfaces).map(\.link))
        let outcome = try decoding.run(links: links.sorted())
        // A daemon that was told to spoil its messages has spoiled them.
        if let step = folder.steps.first(where: { !$0.isComment && $0.text.contains("--impair") }) {
            result.notes += outcome.findings.map { "\($0.summary) (under \(step.text))" }
        } else {
            result.findings += outcome.findings
        }
        result.linksWithIKE = outcome.captures.filter { !$0.value.datagrams.isEmpty }.keys.sorted()
        if !result.linksWithIKE.isEmpty, let skipped = outcome.skipped {
            result.notes.append("captures were not decoded by a second program: \(skipped)")
        }
        endPhase("decode")
    }

    // MARK: Verdict

    private func judge() throws {
        if options.takesCaptures { try decodeCaptures() }
        defer { endPhase("compare") }
        let check = try ConsoleCheck(folder: folder, output: output)
        result.hosts = check.hosts
        result.firstDifference = check.firstDifference
        if result.isInterrupted {
            result.verdict = .unresolved
        } else if !check.isSame || !result.findings.isEmpty {
            result.verdict = .failed
            let findings = result.findings.first.map(\.summary)
            result.reason = [check.reason.isEmpty ? nil : check.reason, findings].compactMap(\.self).joined(
                separator: "; ")
        } else if !check.isChecked {
            result.verdict = .unresolved
            result.reason = "no host has an expected console; swantest accept \(folder.name) makes them"
        } else {
            result.verdict = .passed
        }
    }

    private func endPhase(_ name: String) {
        let now = ContinuousClock.now
        result.phases.append(Phase(name, milliseconds: Double(phaseStart.duration(to: now).microseconds) / 1000))
        phaseStart = now
    }

    private static func timeOfDay() -> String {
        var now = time(nil)
        var parts = tm()
        gmtime_r(&now, &parts)
        var text = [CChar](repeating: 0, count: 32)
        let count = strftime(&text, text.count, "%Y-%m-%dT%H:%M:%SZ", &parts)
        return String(decoding: text[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

extension Finding {
    /// In a line with others.
    package var summary: String { "\(place): \(text)" }
}
