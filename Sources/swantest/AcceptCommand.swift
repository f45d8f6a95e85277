import ArgumentParser
import Glibc
import LinuxSystem
import Report
import Scenario

/// `swantest accept`: what the last run showed becomes what the next one must show, console by console, if a person says so.
struct Accept: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show the last run's differences and, on yes, make them the expected consoles.")

    @OptionGroup var selection: ScenarioSelection
    @OptionGroup var output: OutputOptions

    func run() throws {
        if getenv("CI").map({ String(cString: $0) }) == "true" {
            throw Exit.usage("accept asks a person, and CI=true: expectations are not changed there")
        }
        if selection.names.isEmpty { throw Exit.usage("name the scenarios whose consoles are to be accepted") }
        let checks = try LastRun.checks(selection, output)
        if checks.isEmpty { throw Exit.nothingRan("no selected scenario has consoles in \(output.output)") }
        var offered = 0
        for (folder, check, place) in checks {
            if check.hosts.contains(where: { $0.console != .identical }) { warn(of: folder, place) }
            for host in check.hosts where host.console != .identical {
                // With a console of all hosts, the single ones are not compared.
                if folder.expectedOfAll != nil && host.host != ConsoleCheck.all { continue }
                offered += 1
                try offer(host.host, folder, place, isNew: host.console == .unchecked)
            }
        }
        if offered == 0 { Terminal.print("nothing differs") }
    }

    /// A run that was not seen to its end has consoles that stop in the middle.
    private func warn(of folder: ScenarioFolder, _ place: String) {
        guard let octets = try? FileSystem.read(place + "/result.json"), let result = try? ScenarioResult(json: octets),
            result.isInterrupted
        else { return }
        Terminal.print(Terminal.yellow("\(folder.name) did not reach its end: \(result.reason)"))
    }

    private func offer(_ host: String, _ folder: ScenarioFolder, _ place: String, isNew: Bool) throws {
        let console = try FileSystem.read("\(place)/\(host).console.txt")
        let target =
            host == ConsoleCheck.all
            ? folder.expectedOfAll ?? "\(folder.path)/all.console.txt"
            : folder.expected[host] ?? "\(folder.path)/\(host).console.txt"
        if isNew {
            Terminal.printOctets(console)
        } else {
            let diff = try FileSystem.readText("\(place)/\(host).console.diff")
            Terminal.print(RunTerminal.text(ScenarioResult(name: folder.name, verdict: .failed)).painted(diff: diff))
        }
        Terminal.printPart("write \(target)? [y/N] ")
        let answer = readLine() ?? ""
        guard ["y", "yes"].contains(answer.lowercased()) else {
            Terminal.print("left as it is")
            return
        }
        // Beside it and then in its place: a write that fails leaves the old expectation whole.
        try FileSystem.write(target + ".new", console)
        try FileSystem.rename(target + ".new", to: target)
        Terminal.print("written")
    }
}
