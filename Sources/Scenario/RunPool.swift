import Glibc
package import Lab
package import LinuxSystem

/// Runs jobs in processes of their own, some at a time, and hears from each over a pipe.
///
/// A job writes lines: `progress TEXT`, and at last `result JSON`. One that ends without a result has died, which is
/// told as such: a run is never taken for passed because nothing was heard of it.
package final class RunPool {
    /// What starting a job came to.
    package enum Start {
        /// A child of this process does it; the pool reaps it, unless its lab is kept.
        case process(SandboxProcess)
        /// There was nothing to run.
        case decided(ScenarioResult)
    }

    /// A job's end of the pipe: what its process tells the pool.
    package struct Report {
        private let descriptor: Int32

        package init(descriptor: Int32) { self.descriptor = descriptor }

        package func progress(_ text: String) {
            send(Array("progress \(String(text.map { $0.isNewline ? " " : $0 }))\n".utf8))
        }
        package func result(_ result: ScenarioResult) { send(Array("result ".utf8) + result.line() + [0x0a]) }

        /// Says that the lab of this run stays when its result has been told.
        package func lab(_ record: LabRecord) {
            // Newlines between the parts of JSON mean nothing, and none is within them.
            send(Array("lab ".utf8) + record.encoded.filter { $0 != 0x0a } + [0x0a])
        }

        /// The record in a line that `lab` wrote.
        static func lab(ofLine line: String) -> LabRecord? {
            line.hasPrefix("lab ") ? LabRecord(decoding: Array(line.utf8.dropFirst(4))) : nil
        }

        /// Nobody listens any more where this fails: the pool's process is gone, and soon this one is too.
        private func send(_ octets: [UInt8]) {
            var left = octets[...]
            while !left.isEmpty {
                let count = left.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { return }
                left = left.dropFirst(count)
            }
        }
    }

    package struct Job: Sendable {
        package let name: String
        package let repetition: Int
        package init(name: String, repetition: Int) {
            self.name = name
            self.repetition = repetition
        }
    }

    /// What happened, as it does.
    package enum Event {
        case started(Int)
        case progress(Int, String)
        case finished(Int, ScenarioResult)

        /// The same, with the job's number in another list.
        package func moved(_ place: (Int) -> Int) -> Event {
            switch self {
            case .started(let index): .started(place(index))
            case .progress(let index, let text): .progress(place(index), text)
            case .finished(let index, let result): .finished(place(index), result)
            }
        }
    }

    /// Why a job has no result of its own after `stopAfterFailure`.
    package static let notRunReason = "not run after the first failure (--fail-fast)"

    private struct Running {
        let job: Int
        let process: SandboxProcess
        let pipe: FileDescriptor
        var text: [UInt8] = []
        var result: ScenarioResult?
        var lab: LabRecord?
        let start = ContinuousClock.now
    }

    private let jobs: [Job]
    private let limit: Int
    private let watch = DescriptorWatch()
    private var running: [Int32: Running] = [:]

    /// - Parameter limit: how many run at a time, 1....
    package init(jobs: [Job], limit: Int) {
        precondition(limit > 0, "a pool without workers")
        self.jobs = jobs
        self.limit = limit
    }

    /// Runs all jobs and returns their results in the order of the jobs.
    /// - Parameters:
    ///   - stopAfterFailure: start no further job once one neither passed nor was unsupported or skipped.
    ///   - start: starts a job's process, which is to write to the given descriptor; the pool reaps it.
    ///   - observe: is told of everything as it happens.
    package func run(
        stopAfterFailure: Bool, start: (Int, _ output: Int32) throws -> Start, observe: (Event) -> Void
    ) -> [ScenarioResult] {
        var results = [ScenarioResult?](repeating: nil, count: jobs.count)
        var next = 0
        var isStopping = false
        while next < jobs.count || !running.isEmpty {
            while next < jobs.count && running.count < limit && !isStopping {
                let index = next
                next += 1
                observe(.started(index))
                var decided: ScenarioResult?
                do { decided = try launch(index, start) } catch {
                    decided = unresolved(index, "the sandbox could not be made (swantest doctor says more): \(error)")
                }
                guard let decided else { continue }
                results[index] = decided
                observe(.finished(index, decided))
                isStopping = isStopping || stopAfterFailure && Self.isFailure(decided)
            }
            if running.isEmpty { if isStopping || next >= jobs.count { break } else { continue } }
            watch.wait(until: .now + .seconds(3600))
            for (descriptor, run) in running {
                for line in takeLines(descriptor) { hear(line, descriptor, observe) }
                guard run.pipe.rawValue < 0 else { continue }
                let result = reap(descriptor)
                results[run.job] = result
                observe(.finished(run.job, result))
                isStopping = isStopping || stopAfterFailure && Self.isFailure(result)
            }
        }
        return results.enumerated().map { index, result in
            result
                ?? ScenarioResult(
                    name: jobs[index].name, repetition: jobs[index].repetition, verdict: .skipped,
                    reason: Self.notRunReason)
        }
    }

    private static func isFailure(_ result: ScenarioResult) -> Bool {
        result.verdict == .failed || result.verdict == .unresolved
    }

    /// Starts a job's process; returns the result of a job that needs none.
    private func launch(_ index: Int, _ start: (Int, Int32) throws -> Start) throws -> ScenarioResult? {
        let ends = try FileDescriptor.pipe()
        let process: SandboxProcess
        switch try start(index, ends.write.rawValue) {
        case .process(let sandbox): process = sandbox
        case .decided(let result): return result
        }
        ends.write.close()
        let descriptor = ends.read.rawValue
        running[descriptor] = Running(job: index, process: process, pipe: ends.read)
        watch.add(descriptor) { [unowned self] in read(descriptor) }
        return nil
    }

    private func read(_ descriptor: Int32) {
        guard let pipe = running[descriptor]?.pipe else { return }
        let bytes = (try? pipe.read(upTo: 65536)) ?? []
        running[descriptor]?.text += bytes
        if bytes.isEmpty {
            watch.remove(descriptor)
            pipe.close()
        }
    }

    private func takeLines(_ descriptor: Int32) -> [String] {
        var lines: [String] = []
        while let newline = running[descriptor]?.text.firstIndex(of: 0x0a) {
            lines.append(String(decoding: running[descriptor]!.text[..<newline], as: UTF8.self))
            running[descriptor]!.text.removeSubrange(...newline)
        }
        return lines
    }

    private func hear(_ line: String, _ descriptor: Int32, _ observe: (Event) -> Void) {
        guard let run = running[descriptor] else { return }
        if line.hasPrefix("progress ") {
            observe(.progress(run.job, String(line.dropFirst(9))))
        } else if line.hasPrefix("result ") {
            running[descriptor]?.result = try? ScenarioResult(json: Array(line.utf8.dropFirst(7)))
        } else if let record = Report.lab(ofLine: line) {
            running[descriptor]?.lab = record
        }
    }

    private func reap(_ descriptor: Int32) -> ScenarioResult {
        let run = running.removeValue(forKey: descriptor)!
        if let lab = run.lab, var result = run.result {
            do {
                _ = try LabSession.keep(run.process, lab)
                result.keptLab = lab.name
            } catch {
                try? run.process.end()
                result.reason += "; its lab could not be kept: \(error)"
            }
            return result
        }
        let status = try? run.process.wait()
        if let result = run.result { return result }
        let end =
            switch status {
            case .exited(let code): "with status \(code)"
            case .signaled(let signal): "by signal \(signal)"
            case nil: "unseen"
            }
        var result = unresolved(run.job, "the sandbox ended \(end) before its result")
        result.seconds = Double(run.start.duration(to: .now).microseconds) / 1e6
        return result
    }

    private func unresolved(_ index: Int, _ reason: String) -> ScenarioResult {
        ScenarioResult(
            name: jobs[index].name, repetition: jobs[index].repetition, verdict: .unresolved, reason: reason)
    }
}
