import CLinux
import Glibc

/// A program to be started: its words, environment, open files and namespaces.
package struct Command {
    /// The first word is looked for in `PATH` of `environment` unless it has a slash.
    package var arguments: [String]
    package var environment: [String: String]
    /// nil for the caller's. A path is looked up inside the namespaces entered.
    package var workingDirectory: String?
    /// What becomes descriptor 0, 1, 2 and so on, at most 16; all others are closed.
    package var descriptors: [Int32]
    /// Entered in this order. One of kind `.process` is what the program is born in.
    package var namespaces: [Namespace] = []
    package var startsSession = false
    package var startsGroup = false
    /// Sent to it when the thread that started it ends; 0 for none.
    package var parentDeathSignal: Int32 = 0

    package init(
        _ arguments: [String], environment: [String: String], workingDirectory: String? = nil,
        descriptors: [Int32] = [0, 1, 2]
    ) {
        self.arguments = arguments
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.descriptors = descriptors
    }

    /// The environment of the calling process.
    package static var ownEnvironment: [String: String] {
        var result: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let parts = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { result[String(parts[0])] = String(parts[1]) }
            entry += 1
        }
        return result
    }

    /// Starts it; the caller waits for it.
    /// - Throws: the step that failed with the command or the folder as its argument; ENOENT of `execve` where there
    ///   is no such command.
    package func start() throws(SystemError) -> ProcessID {
        guard let name = arguments.first else { throw SystemError("execve", "", code: EINVAL) }
        let processSpace = namespaces.first { $0.kind == .process }
        let others = namespaces.filter { $0.kind != .process }
        let home = processSpace == nil ? nil : try Namespace(.process, of: "self")
        try processSpace?.enter()
        defer { try? home?.enter() }

        var step: UnsafePointer<CChar>?
        var code: Int32 = 0
        let child = Command.withStrings(candidates(for: name)) { candidates in
            Command.withStrings(arguments) { arguments in
                Command.withStrings(environment.map { "\($0.key)=\($0.value)" }.sorted()) { environment in
                    Command.withOptional(workingDirectory) { folder in
                        descriptors.withUnsafeBufferPointer { files in
                            others.map(\.descriptor.rawValue).withUnsafeBufferPointer { spaces in
                                others.map(\.kind.cloneFlag).withUnsafeBufferPointer { kinds in
                                    var request = lx_spawn_request()
                                    request.candidates = candidates
                                    request.arguments = arguments
                                    request.environment = environment
                                    request.working_directory = folder
                                    request.descriptors = files.baseAddress
                                    request.descriptor_count = Int32(files.count)
                                    request.namespaces = spaces.baseAddress
                                    request.namespace_kinds = kinds.baseAddress
                                    request.namespace_count = Int32(spaces.count)
                                    request.new_session = startsSession
                                    request.new_group = startsGroup
                                    request.parent_death_signal = parentDeathSignal
                                    let child = lx_spawn(&request, &step)
                                    code = errno
                                    return child
                                }
                            }
                        }
                    }
                }
            }
        }
        guard child >= 0 else {
            let failed = step.map { String(cString: $0) } ?? "vfork"
            throw SystemError(failed, failed == "chdir" ? workingDirectory ?? "" : name, code: code)
        }
        return ProcessID(child)
    }

    private func candidates(for name: String) -> [String] {
        if name.contains("/") { return [name] }
        let path = environment["PATH"] ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        return path.split(separator: ":").map { "\($0)/\(name)" }
    }

    private static func withStrings<Result>(
        _ strings: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result
    ) -> Result {
        let copies: [UnsafePointer<CChar>?] = strings.map { UnsafePointer(strdup($0)) } + [nil]
        defer { for copy in copies { free(UnsafeMutablePointer(mutating: copy)) } }
        return copies.withUnsafeBufferPointer { body($0.baseAddress!) }
    }

    private static func withOptional<Result>(_ text: String?, _ body: (UnsafePointer<CChar>?) -> Result) -> Result {
        text.map { $0.withCString(body) } ?? body(nil)
    }
}
