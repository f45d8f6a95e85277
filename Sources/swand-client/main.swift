import Control
import Glibc
import LinuxSystem

// `ipsec`, `whack` and `vppctl` as a shell starts them, many times in a scenario: what a running daemon answers is asked of it
// here, in a program of a few pages without cryptography; everything else, and every failure to reach a daemon, is the
// whole program's, `swand` beside this one, under the same name.
let words = CommandLine.arguments
let program = words.first.flatMap { $0.split(separator: "/").last.map(String.init) } ?? ""
let arguments = Array(words.dropFirst())
let dialect = getenv("SWAND_DIALECT").map { String(cString: $0) } ?? "pluto"

// The same daemon under two names.
if program == "ipsec", ["pluto", "azure"].contains(dialect), !arguments.contains(where: { $0.hasPrefix("--rundir") }),
    let status = PlutoService(ControlClient(path: ControlSocket.path(dialect: "pluto"))).run(arguments)
{
    exit(status)
}

if let plan = ForwardedCommand(program, arguments, dialect: dialect) {
    var folder = [CChar](repeating: 0, count: 4096)
    let workingDirectory = getcwd(&folder, folder.count).map { String(cString: $0) } ?? "/"
    let client = ControlClient(path: plan.socket)
    switch client.run(plan.arguments, in: workingDirectory) {
    case .finished(let status): exit(status)
    case .lost:
        ControlClient.copy(2, Array("\(plan.name): the daemon closed the connection without a status\n".utf8)[...])
        exit(1)
    case .notRunning: break
    }
}

do {
    let own = try FileSystem.resolve("/proc/self/exe")
    let whole = FileSystem.parent(of: own) + "/swand"
    var pointers: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    execv(whole, &pointers)
    ControlClient.copy(2, Array("\(program): \(whole): \(String(cString: strerror(errno)))\n".utf8)[...])
} catch {
    ControlClient.copy(2, Array("\(program): \(error)\n".utf8)[...])
}
exit(127)
