import Glibc
package import LinuxSystem

/// A program of this machine that is asked something, outside of all hosts.
package struct LocalCommand {
    package struct Answer {
        /// nil: it had not ended at the deadline, and was killed.
        package let status: ProcessID.Status?
        package let output: String
        package let error: String
    }

    private let arguments: [String]
    private let environment: [String: String]

    /// - Parameter environment: wins over this program's own.
    package init(_ arguments: [String], environment: [String: String] = [:]) {
        self.arguments = arguments
        self.environment = Command.ownEnvironment.merging(environment) { $1 }
    }

    /// Runs it without input, and waits for its end.
    package func run(timeout: Duration) throws -> Answer { try start().answer(timeout: timeout) }

    /// Starts it without input. `answer` has to be asked for: until then nothing reaps it.
    package func start() throws -> Running {
        let nowhere = try FileDescriptor.open("/dev/null")
        let output = try FileDescriptor.pipe()
        let error = try FileDescriptor.pipe()
        let command = Command(
            arguments, environment: environment,
            descriptors: [nowhere.rawValue, output.write.rawValue, error.write.rawValue])
        let process = try command.start()
        output.write.close()
        error.write.close()
        return Running(process: process, output: output.read, error: error.read)
    }

    /// One that was started.
    package struct Running {
        fileprivate let process: ProcessID
        fileprivate let output: FileDescriptor
        fileprivate let error: FileDescriptor

        /// Waits for its end, and kills it at the deadline.
        package func answer(timeout: Duration) throws -> Answer {
            let watch = DescriptorWatch()
            let deadline = ContinuousClock.now + timeout
            var texts: [Int32: [UInt8]] = [:]
            var open = 2
            for pipe in [output, error] {
                texts[pipe.rawValue] = []
                watch.add(pipe.rawValue) {
                    let more = (try? pipe.read(upTo: 65536)) ?? []
                    texts[pipe.rawValue]? += more
                    if more.isEmpty {
                        open -= 1
                        watch.remove(pipe.rawValue)
                    }
                }
            }
            while open > 0 && ContinuousClock.now < deadline { watch.wait(until: deadline) }
            if open > 0 { try process.send(signal: SIGKILL) }
            let status = try process.wait()
            func text(_ pipe: FileDescriptor) -> String { String(decoding: texts[pipe.rawValue] ?? [], as: UTF8.self) }
            return Answer(status: open > 0 ? nil : status, output: text(output), error: text(error))
        }
    }
}
