import Glibc
import Lab
import LinuxSystem

/// A command of the runner's own on a host, beside the scenario's shell: nothing of it shows on a console.
struct HostCommand {
    struct Answer {
        /// nil: it had not ended at the deadline, and was killed.
        let status: ProcessID.Status?
        /// Standard output and standard error.
        let output: String
    }

    private let process: ProcessID
    private let output: FileDescriptor
    private let deadline: ContinuousClock.Instant

    /// Starts it without input. - Throws: `LabError` where there is no such program on the host.
    init(
        _ lab: Lab, on host: String, _ arguments: [String], environment: [String: String] = [:], timeout: Duration
    ) throws {
        let nowhere = try FileDescriptor.open("/dev/null")
        let pipe = try FileDescriptor.pipe()
        process = try lab.spawn(
            on: host, arguments, environment: environment, stdin: nowhere.rawValue, stdout: pipe.write.rawValue,
            stderr: pipe.write.rawValue)
        pipe.write.close()
        output = pipe.read
        deadline = .now + timeout
    }

    /// Waits for it, until its deadline at the longest. A grandchild that keeps the output open is not waited for.
    func finish() throws -> Answer {
        let watch = DescriptorWatch()
        var bytes: [UInt8] = []
        var isOpen = true
        func read() {
            let more = (try? output.read(upTo: 65536)) ?? []
            bytes += more
            if more.isEmpty {
                isOpen = false
                watch.remove(output.rawValue)
            }
        }
        watch.add(output.rawValue) { read() }
        // 5 ms: how long a command that ended while its child holds the pipe goes unnoticed.
        while isOpen && ContinuousClock.now < deadline {
            if watch.wait(until: min(deadline, .now + .milliseconds(5))) == 0, let status = try process.statusIfEnded()
            {
                return Answer(status: status, output: String(decoding: bytes, as: UTF8.self))
            }
        }
        while ContinuousClock.now < deadline {
            if let status = try process.statusIfEnded() {
                return Answer(status: status, output: String(decoding: bytes, as: UTF8.self))
            }
            MonotonicClock.sleep(.microseconds(200))
        }
        try process.send(signal: SIGKILL)
        try process.wait()
        return Answer(status: nil, output: String(decoding: bytes, as: UTF8.self))
    }
}
