import ArgumentParser
import LinuxSystem
import Report
import Scenario

/// Where the results of runs are.
struct OutputOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The folder for results: one folder below it for each scenario.", valueName: "dir"))
    var output = "OUTPUT"

    /// The folder of one run; a repetition has its number.
    func folder(of name: String, repetition: Int = 1) throws -> String {
        "\(try absolute())/\(ScenarioResult.place(name, repetition: repetition))"
    }

    func absolute() throws -> String {
        do {
            try FileSystem.makeDirectories(output)
            return try FileSystem.resolve(output)
        } catch { throw Exit.usage("--output \(output): \(error)") }
    }
}

/// `swantest diff`: compares the last run's raw consoles anew, with the sanitizers and expectations of now.
struct Diff: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Sanitize and compare the consoles of the last run again, and print the differences.")

    @OptionGroup var selection: ScenarioSelection
    @OptionGroup var output: OutputOptions

    func run() throws {
        let checks = try LastRun.checks(selection, output)
        if checks.isEmpty { throw Exit.nothingRan("no selected scenario has consoles in \(output.output)") }
        for (folder, check, place) in checks where !check.isSame {
            var result = ScenarioResult(name: folder.name, verdict: .failed, reason: check.reason)
            result.firstDifference = check.firstDifference
            result.hosts = check.hosts
            result.output = place
            RunTerminal.show(result)
        }
        if checks.contains(where: { !$0.check.isSame }) { throw Exit.scenarioFailed }
    }
}

/// The runs whose consoles are there to be looked at again.
enum LastRun {
    static func checks(
        _ selection: ScenarioSelection, _ output: OutputOptions
    ) throws -> [(folder: ScenarioFolder, check: ConsoleCheck, place: String)] {
        try selection.select(selection.locations.installation()).compactMap { scenario in
            guard case .success(let folder) = scenario.folder else { return nil }
            let place = try output.folder(of: folder.name)
            guard FileSystem.isDirectory(place) else { return nil }
            return (folder, try ConsoleCheck(folder: folder, output: place), place)
        }
    }
}
