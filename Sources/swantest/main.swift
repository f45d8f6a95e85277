import ArgumentParser
import Glibc
import Scenario
import UserMode

// The kernel of a guest starts this program as its process 1, and once more for each module that it lacks.
// The kernel hands on words of its own command line that it does not know, before ours.
if getpid() == 1, let role = CommandLine.arguments.firstIndex(of: GuestRoot.role),
    role + 1 < CommandLine.arguments.count
{
    GuestWorker.main(modules: CommandLine.arguments[role + 1])
}
if CommandLine.arguments.first == GuestRoot.moduleHelper { exit(GuestRoot.loadModule(CommandLine.arguments)) }

// ArgumentParser's own exit code for a wrong command line is 64; here it is 2.
do {
    var command = try Swantest.parseAsRoot()
    try command.run()
} catch let end as Exit {
    if let message = end.message { Terminal.printError("swantest: \(message)") }
    exit(end.code)
} catch {
    let isHelp = Swantest.exitCode(for: error) == .success
    let text = Swantest.fullMessage(for: error)
    if isHelp { Terminal.print(text) } else { Terminal.printError(text) }
    exit(isHelp ? 0 : 2)
}
