import ArgumentParser
import Scenario

/// `swantest fetch libreswan`: another daemon's packages, unpacked and not installed.
struct Fetch: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Unpack another daemon's Debian packages for scenarios, without installing them.",
        discussion: """
            libreswan cannot be installed beside strongSwan. Its packages are downloaded with apt-get and unpacked below \
            $SWANTEST_CACHE, $XDG_CACHE_HOME/swantest or ~/.cache/swantest; a scenario's `daemon: libreswan` finds them there.
            """)

    enum Daemon: String, CaseIterable, ExpressibleByArgument { case libreswan }

    @Argument(help: "Which daemon.")
    var daemon: Daemon

    @Flag(help: "Again, although it is there.")
    var again = false

    func run() throws {
        let tree = LibreswanInstallation.fetched
        if !again && LibreswanInstallation(tree: tree).refusal == nil {
            return Terminal.print("\(daemon.rawValue) is at \(tree)")
        }
        do {
            try PackageFetch.libreswan.run(into: tree) { Terminal.showLive($0) }
            Terminal.clearLive()
            Terminal.print("\(daemon.rawValue) is at \(tree)")
        } catch {
            Terminal.clearLive()
            throw Exit.machineCannot("\(error)")
        }
    }
}
