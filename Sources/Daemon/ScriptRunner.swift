package import DialectKit
import Glibc
package import LinuxSystem

/// Runs the scripts that a dialect asks for, beside the loop: a few at once, those of one queue in order, none for ever.
package final class ScriptRunner {
    package static let concurrencyLimit = 8
    /// Scripts that wait. One more is not run, and its end says so.
    package static let waitingLimit = 4096
    package static let standardTimeLimit = Duration.seconds(20)
    private static let outputLimit = 16 * 1024
    /// What a script has left behind may hold its output open after its own end.
    private static let reapInterval = Duration.milliseconds(20)

    package var onEnd: (ScriptRun, ScriptEnd) -> Void = { _, _ in }

    private final class Running {
        let run: ScriptRun
        let process: ProcessID
        let output: FileDescriptor
        var text: [UInt8] = []
        var isTimedOut = false
        var timer: TimerToken?

        init(_ run: ScriptRun, _ process: ProcessID, _ output: FileDescriptor) {
            self.run = run
            self.process = process
            self.output = output
        }
    }

    private let loop: EventLoop
    private let timeLimit: Duration
    private var waiting: [ScriptRun] = []
    private var running: [UInt64: Running] = [:]

    package init(loop: EventLoop, timeLimit: Duration = standardTimeLimit) {
        self.loop = loop
        self.timeLimit = timeLimit
    }

    package var isIdle: Bool { waiting.isEmpty && running.isEmpty }

    package func add(_ run: ScriptRun) {
        guard waiting.count < Self.waitingLimit else { return onEnd(run, ScriptEnd(status: nil)) }
        waiting.append(run)
        startNext()
    }

    private func startNext() {
        while running.count < Self.concurrencyLimit,
            let index = waiting.firstIndex(where: { running[$0.queue] == nil })
        {
            let run = waiting.remove(at: index)
            do throws(SystemError) { try start(run) } catch { onEnd(run, ScriptEnd(status: nil)) }
        }
    }

    private func start(_ run: ScriptRun) throws(SystemError) {
        let pipe = try FileDescriptor.pipe()
        try pipe.read.setNonBlocking()
        let null = try FileDescriptor.open("/dev/null", O_RDONLY)
        var command = Command(
            Self.plainWords(run.command) ?? [],
            environment: Command.ownEnvironment.merging(run.environment) { _, new in new }, workingDirectory: "/",
            descriptors: [null.rawValue, pipe.write.rawValue, pipe.write.rawValue])
        command.startsGroup = true
        var process = command.arguments.isEmpty ? nil : try? command.start()
        if process == nil {
            // What the kernel cannot start a shell may, or says why not.
            command.arguments = ["/bin/sh", "-c", run.command]
            process = try command.start()
        }
        let one = Running(run, process!, pipe.read)
        running[run.queue] = one
        pipe.write.close()
        try loop.watch(one.output.rawValue, .read) { [unowned self, unowned one] _ in read(one) }
        one.timer = loop.schedule(at: EventLoop.nowNanoseconds + timeLimit.milliseconds * 1_000_000) {
            [unowned self, unowned one] in
            one.isTimedOut = true
            // The group: what it has started goes too.
            _ = kill(-one.process.rawValue, SIGKILL)
            finish(one)
        }
    }

    /// The words of a line in which a shell would find nothing to do but to start a program by its path: that shell is
    /// spared. nil: any other line.
    static func plainWords(_ line: String) -> [String]? {
        let marks = Array("/._-+:,@% ".utf8)
        let isPlain = line.utf8.allSatisfy { octet in
            switch octet {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "a")...UInt8(ascii: "z"):
                true
            default: marks.contains(octet)
            }
        }
        let words = line.split(separator: " ").map(String.init)
        return isPlain && words.first?.hasPrefix("/") == true ? words : nil
    }

    private func read(_ one: Running) {
        guard let octets = try? one.output.read(upTo: 4096) else { return }
        guard !octets.isEmpty else { return finish(one) }
        one.text += octets.prefix(max(0, Self.outputLimit - one.text.count))
    }

    /// Its output is at its end; as a rule so is the process.
    private func finish(_ one: Running) {
        loop.unwatch(one.output.rawValue)
        guard let status = try? one.process.statusIfEnded() else {
            loop.schedule(at: EventLoop.nowNanoseconds + Self.reapInterval.milliseconds * 1_000_000) {
                [weak self, weak one] in
                if let self, let one { finish(one) }
            }
            return
        }
        if let timer = one.timer { loop.cancel(timer) }
        one.output.close()
        guard running[one.run.queue] === one else { return }
        running[one.run.queue] = nil
        onEnd(one.run, ScriptEnd(status: status.shellCode, isTimedOut: one.isTimedOut, output: one.text))
        startNext()
    }

    /// Lets what was asked for run, for so long at most; what is left is killed or not begun.
    package func shutdown(waitingAtMost limit: Duration) {
        let end = EventLoop.nowNanoseconds + limit.milliseconds * 1_000_000
        while !isIdle, EventLoop.nowNanoseconds < end {
            do { try loop.turn(waitingAtMost: .milliseconds(10)) } catch { break }
        }
        waiting = []
        for one in running.values {
            if let timer = one.timer { loop.cancel(timer) }
            loop.unwatch(one.output.rawValue)
            _ = kill(-one.process.rawValue, SIGKILL)
        }
        running = [:]
    }
}
