import ArgumentParser
import Glibc
import Lab
import LinuxSystem
import Report
import Scenario
import UserMode

/// `swantest run`: builds each scenario's hosts, types its commands, compares its consoles.
struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run scenarios: passed, failed, unresolved, unsupported or skipped, with the reason and the time.")

    @OptionGroup var selection: ScenarioSelection
    @OptionGroup var output: OutputOptions

    @Option(name: [.short, .long], help: "How many run at a time; the number of processors if not given.")
    var jobs: Int?

    @Option(name: .customLong("repeat"), help: "How often each runs.")
    var repetitions = 1

    @Flag(help: "Start no more once one has failed.")
    var failFast = false

    @Option(help: ArgumentHelp("Also write the results as JUnit XML.", valueName: "file"))
    var junit: String?

    @Flag(
        help: """
            Leave the lab of a failed scenario, for swantest shell; swantest down ends it. From then on an impaired link \
            loses nothing.
            """)
    var keep = false

    @Option(
        help: ArgumentHelp(
            "The longest that one command may take, where the scenario does not say.", valueName: "seconds"))
    var timeout = 120.0

    @Flag(inversion: .prefixedNo, help: "Write what crosses each link to LINK.pcapng.")
    var captures = true

    @Option(
        help: ArgumentHelp(
            """
            host: this machine's kernel; uml: user-mode Linux, booted for the run; auto: host where it has what the \
            scenario requires, else uml.
            """, valueName: "host|uml|auto"))
    var kernel = KernelChoice.auto

    @Option(
        help: ArgumentHelp(
            """
            What swand does ESP with. user: itself; xfrm: the kernel (a scenario then requires xfrm-esp); auto: the \
            kernel where it can.
            """, valueName: "user|xfrm|auto"))
    var dataplane = DataPlaneWish.auto

    func validate() throws {
        if keep && kernel == .uml {
            throw ValidationError("--keep needs this machine's kernel; see swantest up --kernel uml")
        }
        if let jobs, jobs < 1 { throw ValidationError("--jobs takes a number from 1 on") }
        if repetitions < 1 { throw ValidationError("--repeat takes a number from 1 on") }
        if !(timeout > 0 && timeout <= 86400) { throw ValidationError("--timeout takes seconds, at most 86400") }
    }

    func run() throws {
        let start = ContinuousClock.now
        let installation = try selection.locations.installation()
        let selected = try selection.select(installation)
        if selected.isEmpty { throw Exit.nothingRan("no scenario matches") }
        var plan = RunPlan(
            installation: installation, isSuite: selection.locations.suite != nil, kernel: kernel, dataPlane: dataplane)
        // What is known without running it has its verdict already.
        var jobs: [RunPool.Job] = []
        var planned: [RunPlan.Outcome] = []
        for repetition in 1...repetitions {
            for scenario in selected {
                jobs.append(RunPool.Job(name: scenario.name, repetition: repetition))
                planned.append(try plan.outcome(of: scenario))
            }
        }
        let places = try prepareOutputs(jobs, planned)
        let results = execute(jobs, planned, places, installation, plan.userMode)
        let summary = RunSummary(results: results, seconds: Double(start.duration(to: .now).microseconds) / 1e6)
        if results.count > 1 { Terminal.print(summary.line) }
        if results.count == 1, results[0].verdict == .passed, let link = results[0].linksWithIKE.first {
            Terminal.print(
                Terminal.dim(
                    "its messages, decrypted: " + CaptureDecoding.command(output: results[0].output, link: link)))
        }
        if let junit { try write(JUnitReport(results: results, diff: ConsoleCheck.diffs(of:)), to: junit) }
        switch summary.exitCode {
        case 0: return
        case 3: throw Exit.machineCannot(results.first { $0.verdict == .unsupported }?.reason ?? "unsupported")
        case 4: throw Exit.nothingRan("nothing ran")
        default: throw Exit.scenarioFailed
        }
    }

    /// The folder of each job's results, empty.
    private func prepareOutputs(_ jobs: [RunPool.Job], _ planned: [RunPlan.Outcome]) throws -> [String] {
        var places: [String] = []
        for (job, outcome) in zip(jobs, planned) {
            let place = try output.folder(of: job.name, repetition: job.repetition)
            places.append(place)
            if case .verdict = outcome { continue }
            do { try Self.empty(place) } catch let error as SystemError { throw Exit.usage("--output: \(error)") }
        }
        return places
    }

    /// Removes what an earlier run left, and nothing that none did.
    private static func empty(_ place: String) throws {
        let names = FileSystem.exists(place) ? try FileSystem.list(place) : []
        let isOurs = names.isEmpty || names.contains(".scenario") || names.contains("result.json")
        guard isOurs else {
            throw Exit.usage("\(place) was not made by swantest run: move it away or name another folder with --output")
        }
        try FileSystem.removeTree(place)
        try FileSystem.makeDirectories(place)
    }

    /// Runs what this machine's kernel runs, then what has to be booted for. Results are in the order of the jobs.
    private func execute(
        _ jobs: [RunPool.Job], _ planned: [RunPlan.Outcome], _ places: [String], _ installation: Installation,
        _ userMode: UserModePackage?
    ) -> [ScenarioResult] {
        var options = ScenarioRun.Options()
        options.timeout = .milliseconds(Int64(timeout * 1000))
        options.takesCaptures = captures
        options.keepsFailed = keep
        // Where nothing is asked for, this program's own environment may have a wish.
        if dataplane != .auto { options.dataPlane = dataplane.rawValue }
        var terminal = RunTerminal(jobs: jobs)
        let guests = jobs.indices.filter { if case .boot = planned[$0] { true } else { false } }
        let others = jobs.indices.filter { !guests.contains($0) }
        var results = [ScenarioResult?](repeating: nil, count: jobs.count)
        let local = runHere(others.map { jobs[$0] }, options, installation) {
            (planned[others[$0]], places[others[$0]])
        } observe: { event in
            terminal.observe(event.moved { others[$0] })
        }
        for (place, result) in zip(others, local) { results[place] = result }
        let mayGoOn = !(failFast && local.contains { $0.verdict == .failed || $0.verdict == .unresolved })
        if let userMode, !guests.isEmpty, mayGoOn {
            let guestJobs = guests.compactMap { index -> GuestJob? in
                guard case .boot(let folder, _) = planned[index] else { return nil }
                return GuestJob(
                    job: jobs[index], folder: folder, installation: installation, output: places[index],
                    options: options)
            }
            let pool = GuestPool(
                userMode, jobs: guestJobs, limit: limit, commandLimit: options.timeout)
            let booted = pool.run(stopAfterFailure: failFast) { event in
                if case .finished(let index, _) = event { rmdir(guestJobs[index].output + "/.scenario") }
                terminal.observe(event.moved { guests[$0] })
            }
            for (place, result) in zip(guests, booted) { results[place] = result }
        }
        return zip(jobs, results).map { job, result in
            result
                ?? ScenarioResult(
                    name: job.name, repetition: job.repetition, verdict: .skipped, reason: RunPool.notRunReason)
        }
    }

    private var limit: Int { jobs ?? Swift.max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    private func runHere(
        _ jobs: [RunPool.Job], _ options: ScenarioRun.Options, _ installation: Installation,
        plan: (Int) -> (RunPlan.Outcome, place: String), observe: (RunPool.Event) -> Void
    ) -> [ScenarioResult] {
        RunPool(jobs: jobs, limit: limit).run(stopAfterFailure: failFast) { index, pipe in
            let (outcome, place) = plan(index)
            guard case .run(let folder, let topology) = outcome else {
                guard case .verdict(let verdict, let reason) = outcome else { preconditionFailure("no outcome") }
                return .decided(
                    ScenarioResult(
                        name: jobs[index].name, repetition: jobs[index].repetition, verdict: verdict, reason: reason))
            }
            let start = ContinuousClock.now
            let sandbox = try Sandbox.spawn(Sandbox.Options(inherited: [pipe])) {
                let report = RunPool.Report(descriptor: pipe)
                let run = ScenarioRun(
                    folder: folder, topology: topology, installation: installation, output: place,
                    repetition: jobs[index].repetition, options: options, start: start
                ) { report.progress($0) }
                let result = run.execute()
                if let lab = run.lab { report.lab(lab.record(name: result.place)) }
                report.result(result)
                if let lab = run.lab {
                    close(pipe)
                    // Whoever forwarded on an impaired link does so no more.
                    try? lab.joinImpairedLinks()
                    LabSession.stay(lab)
                }
                return 0
            }
            return .process(sandbox)
        } observe: { event in
            // The sandbox's mount point, an empty folder now.
            if case .finished(let index, _) = event { rmdir(plan(index).place + "/.scenario") }
            observe(event)
        }
    }

    private func write(_ report: JUnitReport, to path: String) throws {
        do {
            try FileSystem.makeDirectories(FileSystem.parent(of: path))
            try FileSystem.write(path, report.xml())
        } catch { throw Exit.usage("--junit \(path): \(error)") }
    }
}
