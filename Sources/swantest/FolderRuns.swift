import Glibc
import LinuxSystem
import Scenario
import UserMode

/// Scenario folders that a command has made itself, run as `swantest run` would: here, or in user-mode Linux.
struct FolderRuns {
    private let installation: Installation
    private let limit: Int
    private var plan: RunPlan
    private var planned: [RunPlan.Outcome] = []
    private var jobs: [RunPool.Job] = []
    private var outputs: [String] = []

    /// - Parameter limit: how many run at a time; nil: as many as there are processors.
    init(installation: Installation, kernel: KernelChoice, limit: Int? = nil) {
        self.installation = installation
        self.limit = limit ?? Swift.max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        plan = RunPlan(installation: installation, isSuite: false, kernel: kernel)
    }

    /// - Parameter output: the folder for its results, made anew.
    /// - Throws: `Exit.usage` where the folder is no scenario.
    mutating func add(_ name: String, folder: String, output: String) throws {
        let scenario: ScenarioFolder
        do { scenario = try ScenarioFolder.load(folder) } catch { throw Exit.usage(error.description) }
        planned.append(
            try plan.outcome(
                of: ScenarioSelection.Selected(name: name, path: folder, folder: .success(scenario), skipReason: nil)))
        jobs.append(RunPool.Job(name: name, repetition: 1))
        outputs.append(output)
        try FileSystem.removeTree(output)
        try FileSystem.makeDirectories(output)
    }

    /// Runs all of them; events count in the order of `add`.
    func execute(observe report: (RunPool.Event) -> Void) {
        let options = ScenarioRun.Options()
        func observe(_ event: RunPool.Event) {
            if case .finished(let index, _) = event { rmdir("\(outputs[index])/.scenario") }
            report(event)
        }
        let guests = jobs.indices.filter { if case .boot = planned[$0] { true } else { false } }
        let others = jobs.indices.filter { !guests.contains($0) }
        _ = RunPool(jobs: others.map { jobs[$0] }, limit: limit).run(stopAfterFailure: false) { position, pipe in
            let index = others[position]
            guard case .run(let folder, let topology) = planned[index] else {
                guard case .verdict(let verdict, let reason) = planned[index] else { preconditionFailure("no outcome") }
                return .decided(
                    ScenarioResult(name: jobs[index].name, repetition: 1, verdict: verdict, reason: reason))
            }
            let start = ContinuousClock.now
            let sandbox = try Sandbox.spawn(Sandbox.Options(inherited: [pipe])) {
                let report = RunPool.Report(descriptor: pipe)
                let run = ScenarioRun(
                    folder: folder, topology: topology, installation: installation, output: outputs[index],
                    repetition: 1, options: options, start: start
                ) { report.progress($0) }
                report.result(run.execute())
                return 0
            }
            return .process(sandbox)
        } observe: {
            observe($0.moved { others[$0] })
        }
        if let userMode = plan.userMode, !guests.isEmpty {
            let guestJobs = guests.compactMap { index -> GuestJob? in
                guard case .boot(let folder, _) = planned[index] else { return nil }
                return GuestJob(
                    job: jobs[index], folder: folder, installation: installation, output: outputs[index],
                    options: options)
            }
            let pool = GuestPool(userMode, jobs: guestJobs, limit: limit, commandLimit: options.timeout)
            _ = pool.run(stopAfterFailure: false) { observe($0.moved { guests[$0] }) }
        }
    }
}
