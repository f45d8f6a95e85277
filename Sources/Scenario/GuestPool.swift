import Glibc
import Lab
import LinuxSystem
package import UserMode

/// Runs jobs in user-mode Linux: some guests at a time, each of which takes one job after the other. A guest that dies
/// or falls silent costs the job that it was at, which is unresolved; the next job has a new guest.
package final class GuestPool {
    /// One guest and what it is doing.
    private final class Worker {
        let guest: Guest
        let workspace: String
        let processor: Int
        /// nil: it boots, or has nothing to do.
        var job: Int?
        var isReady = false
        var isQuitting = false
        var result: ScenarioResult?
        /// When its job began: the first one with the boot.
        var jobStart = ContinuousClock.now
        var lastHeard = ContinuousClock.now
        var bootMilliseconds = 0
        var input: [UInt8] = []
        var console: [UInt8] = []
        var isGone = false
        /// Its kernel has ended a process which has done nothing wrong.
        var hasLostProcess = false

        init(guest: Guest, workspace: String, processor: Int) {
            self.guest = guest
            self.workspace = workspace
            self.processor = processor
        }
    }

    /// A run that has ended in its guest, and whose captures and consoles are looked at out here.
    private final class Conclusion {
        let job: Int
        let process: SandboxProcess
        let pipe: FileDescriptor
        var text: [UInt8] = []
        var isGone = false

        init(job: Int, process: SandboxProcess, pipe: FileDescriptor) {
            self.job = job
            self.process = process
            self.pipe = pipe
        }
    }

    /// The longest that a guest is waited for which says nothing at all: it says something every 5 s, beside whatever a command in it
    /// takes. With a shorter limit for commands, so long and 10 s, once it has booted.
    static func silence(commandLimit: Duration, isReady: Bool) -> Duration {
        isReady ? min(.seconds(60), commandLimit + .seconds(10)) : .seconds(60)
    }
    /// The most of a kernel's words that is kept, and how many lines of it a verdict shows.
    private static let consoleLimit = 1 << 16
    private static let shownLines = 20

    /// What linux.uml says where the host does not map a page for a process, which it then ends: at vm.max_map_count, as a rule, since
    /// pages that are taken one by one are mapped one by one.
    private static let lossWords = "ran out of memory on the host side"

    private let package: UserModePackage
    private let jobs: [GuestJob]
    private let limit: Int
    private let commandLimit: Duration
    private let watch = DescriptorWatch()
    private var workers: [Worker] = []
    private var conclusions: [Conclusion] = []
    private var next = 0
    private var results: [ScenarioResult?]
    private var isStopping = false
    private var boots = 0

    /// - Parameter limit: how many guests run at a time, 1....
    package init(
        _ package: UserModePackage, jobs: [GuestJob], limit: Int, commandLimit: Duration
    ) {
        precondition(limit > 0, "a pool without workers")
        self.package = package
        self.jobs = jobs
        self.limit = limit
        self.commandLimit = commandLimit
        results = Array(repeating: nil, count: jobs.count)
    }

    /// Runs all jobs and returns their results in the order of the jobs; nil for those not run under `stopAfterFailure`.
    package func run(stopAfterFailure: Bool, observe: (RunPool.Event) -> Void) -> [ScenarioResult?] {
        while next < jobs.count && !isStopping || workers.contains(where: { $0.job != nil })
            || !conclusions.isEmpty
        {
            startWorkers(observe)
            if workers.isEmpty && conclusions.isEmpty { continue }
            watch.wait(until: .now + .seconds(1))
            for worker in workers { hear(worker, observe) }
            for conclusion in conclusions { hear(conclusion, observe) }
            if stopAfterFailure && results.contains(where: { $0?.verdict == .failed || $0?.verdict == .unresolved }) {
                isStopping = true
            }
        }
        finish()
        return results
    }

    // MARK: Starting

    private func startWorkers(_ observe: (RunPool.Event) -> Void) {
        // One that is idle takes a job first.
        for worker in workers where worker.isReady && worker.job == nil && !worker.isQuitting { give(worker, observe) }
        while next < jobs.count && workers.count < limit && !isStopping {
            let index = next
            next += 1
            observe(.started(index))
            observe(.progress(index, "booting user-mode Linux"))
            do {
                let worker = try boot(for: index)
                worker.job = index
                workers.append(worker)
            } catch {
                settle(
                    index,
                    unresolved(index, "user-mode Linux could not be started (swantest doctor says more): \(error)"),
                    observe)
            }
        }
    }

    private func boot(for index: Int) throws -> Worker {
        let taken = Set(workers.map(\.processor))
        let processor = (0...).first { !taken.contains($0) }!
        let workspace = jobs[index].output + "/.guest"
        try FileSystem.makeDirectories(workspace)
        var options = Guest.Options(workspace: workspace)
        options.writable = jobs.map(\.output)
        options.processor = processor
        let guest = try Guest(package, options)
        boots += 1
        let worker = Worker(guest: guest, workspace: workspace, processor: processor)
        watch.add(guest.channel.rawValue) { [unowned self] in readChannel(worker) }
        watch.add(guest.console.rawValue) { [unowned self] in readConsole(worker) }
        return worker
    }

    /// Hands a guest that is ready its next job.
    private func give(_ worker: Worker, _ observe: (RunPool.Event) -> Void) {
        guard next < jobs.count && !isStopping else { return }
        worker.job = next
        next += 1
        observe(.started(worker.job!))
        send(worker)
    }

    private func send(_ worker: Worker) {
        guard let index = worker.job else { return }
        var job = jobs[index]
        job.boot = worker.bootMilliseconds
        worker.bootMilliseconds = 0
        worker.result = nil
        worker.jobStart = job.boot > 0 ? worker.guest.started : .now
        worker.lastHeard = .now
        tell(worker, "job \(String(decoding: job.line(), as: UTF8.self))")
    }

    // MARK: Concluding

    /// Starts what is left of a run: a program of this machine's, which decodes captures, takes seconds to start in a guest.
    private func conclude(
        _ index: Int, _ result: ScenarioResult, start: ContinuousClock.Instant, _ observe: (RunPool.Event) -> Void
    ) {
        // It did not come as far as that.
        guard result.phases.contains(where: { $0.name == "post-mortem" }) else {
            return settle(index, result, observe)
        }
        do {
            let pipe = try FileDescriptor.pipe()
            let output = pipe.write.rawValue
            let job = jobs[index]
            let process = try Sandbox.spawn(Sandbox.Options(inherited: [output])) {
                let report = RunPool.Report(descriptor: output)
                do { report.result(try job.run(start: start, report).run.conclude(result)) } catch { return 1 }
                return 0
            }
            pipe.write.close()
            let conclusion = Conclusion(job: index, process: process, pipe: pipe.read)
            conclusions.append(conclusion)
            watch.add(pipe.read.rawValue) { [unowned self] in
                let bytes = (try? conclusion.pipe.read(upTo: 65536)) ?? []
                conclusion.text += bytes
                guard bytes.isEmpty else { return }
                watch.remove(conclusion.pipe.rawValue)
                conclusion.isGone = true
            }
        } catch {
            settle(index, unresolved(index, "its captures could not be looked at: \(error)"), observe)
        }
    }

    private func hear(_ conclusion: Conclusion, _ observe: (RunPool.Event) -> Void) {
        guard conclusion.isGone else { return }
        _ = try? conclusion.process.wait()
        conclusion.pipe.close()
        conclusions.removeAll { $0 === conclusion }
        let lines = conclusion.text.split(separator: 0x0a).filter { $0.starts(with: "result ".utf8) }
        let result = lines.last.flatMap { try? ScenarioResult(json: Array($0.dropFirst(7))) }
        settle(conclusion.job, result ?? unresolved(conclusion.job, "nobody could look at its captures"), observe)
    }

    // MARK: Hearing

    private func readChannel(_ worker: Worker) {
        let bytes = (try? worker.guest.channel.read(upTo: 65536)) ?? []
        worker.input += bytes
        if bytes.isEmpty {
            watch.remove(worker.guest.channel.rawValue)
            worker.isGone = true
        }
        worker.lastHeard = .now
    }

    private func readConsole(_ worker: Worker) {
        let bytes = (try? worker.guest.console.read(upTo: 65536)) ?? []
        if bytes.isEmpty { watch.remove(worker.guest.console.rawValue) }
        worker.console += bytes
        let new = worker.console.suffix(bytes.count + Self.lossWords.utf8.count)
        if String(decoding: new, as: UTF8.self).contains(Self.lossWords) { worker.hasLostProcess = true }
        if worker.console.count > Self.consoleLimit {
            worker.console.removeFirst(worker.console.count - Self.consoleLimit / 2)
        }
    }

    private func hear(_ worker: Worker, _ observe: (RunPool.Event) -> Void) {
        // Before its results: a scenario that lost a process is none any more.
        if worker.hasLostProcess {
            return bury(
                worker,
                "user-mode Linux ended a process for which this machine had no more mappings (vm.max_map_count) or memory",
                observe)
        }
        while let newline = worker.input.firstIndex(of: 0x0a) {
            let line = String(decoding: worker.input[..<newline], as: UTF8.self)
            worker.input.removeSubrange(...newline)
            obey(line, of: worker, observe)
        }
        if worker.isGone { return bury(worker, "user-mode Linux ended", observe) }
        let silence = Self.silence(commandLimit: commandLimit, isReady: worker.isReady)
        if worker.job != nil && worker.lastHeard.duration(to: .now) > silence {
            bury(worker, "user-mode Linux said nothing for \(silence)", observe)
        }
    }

    private func obey(_ line: String, of worker: Worker, _ observe: (RunPool.Event) -> Void) {
        if line == "ready" {
            worker.isReady = true
            worker.bootMilliseconds = Int(worker.guest.started.duration(to: .now).milliseconds)
            send(worker)
        } else if line == "done", let index = worker.job {
            guard let result = worker.result else { return bury(worker, "the sandbox died", observe) }
            worker.job = nil
            conclude(index, result, start: worker.jobStart, observe)
        } else if line.hasPrefix("progress "), let index = worker.job {
            observe(.progress(index, String(line.dropFirst(9))))
        } else if line.hasPrefix("result ") {
            worker.result = try? ScenarioResult(json: Array(line.utf8.dropFirst(7)))
        }
    }

    /// Ends a guest that is of no more use; what it was at is unresolved.
    private func bury(_ worker: Worker, _ reason: String, _ observe: (RunPool.Event) -> Void) {
        let index = worker.job
        worker.job = nil
        end(worker)
        guard let index else { return }
        var result = unresolved(index, reason + Self.lastWords(worker.console))
        result.seconds = Double(worker.jobStart.duration(to: .now).microseconds) / 1e6
        result.output = jobs[index].output
        try? FileSystem.write(result.output + "/result.json", result.json())
        settle(index, result, observe)
    }

    /// The last lines of a kernel that has died, each on one of its own.
    static func lastWords(_ console: [UInt8]) -> String {
        let lines = String(decoding: console, as: UTF8.self).split(whereSeparator: \.isNewline)
            .filter { $0.contains { !$0.isWhitespace } }
        if lines.isEmpty { return "; the kernel said nothing" }
        // Behind a panic comes a trace that is longer than what is shown: what came before it says more.
        let panic = lines.lastIndex { $0.contains("Kernel panic") }
        let last = panic.map { lines[max(0, $0 - 8)...].prefix(shownLines) } ?? lines.suffix(shownLines)
        return "; the kernel's last lines:" + last.map { "\n    \($0)" }.joined()
    }

    private func settle(_ index: Int, _ result: ScenarioResult, _ observe: (RunPool.Event) -> Void) {
        results[index] = result
        observe(.finished(index, result))
    }

    private func unresolved(_ index: Int, _ reason: String) -> ScenarioResult {
        ScenarioResult(
            name: jobs[index].name, repetition: jobs[index].repetition, verdict: .unresolved, reason: reason)
    }

    // MARK: Ending

    private func tell(_ worker: Worker, _ text: String) {
        var bytes = Array((text + "\n").utf8)[...]
        while !bytes.isEmpty {
            // MSG_NOSIGNAL: a guest that has gone is told by its own end of the channel, not by SIGPIPE.
            let sent = bytes.withUnsafeBytes {
                Glibc.send(worker.guest.channel.rawValue, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if sent < 0 && errno == EINTR { continue }
            guard sent > 0 else { return }
            bytes = bytes.dropFirst(sent)
        }
    }

    /// Tells all to switch off, and waits a little for those that do.
    private func finish() {
        for worker in workers {
            worker.isQuitting = true
            tell(worker, "quit")
        }
        let deadline = ContinuousClock.now + .seconds(3)
        while workers.contains(where: { !$0.isGone }) && ContinuousClock.now < deadline { watch.wait(until: deadline) }
        for worker in workers { end(worker) }
    }

    private func end(_ worker: Worker) {
        // What the kernel said last may still be in the pipe.
        try? worker.guest.sandbox.end()
        watch.remove(worker.guest.channel.rawValue)
        watch.remove(worker.guest.console.rawValue)
        while let more = try? worker.guest.console.read(upTo: 65536), !more.isEmpty { worker.console += more }
        worker.guest.channel.close()
        worker.guest.console.close()
        rmdir(worker.workspace)
        workers.removeAll { $0 === worker }
    }
}
