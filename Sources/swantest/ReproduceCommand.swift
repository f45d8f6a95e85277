import ArgumentParser
import LinuxSystem
import Reproduce
import Scenario

/// `swantest reproduce`: from logs and captures to an account of what happened, a scenario that does it again, and its run.
struct ReproduceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reproduce",
        abstract: "Read logs or captures of a conversation, say what failed and why, and do it again.",
        discussion: """
            Reads debugging of a Cisco ASA or of IOS, logs of charon and of pluto, captures (pcap, pcapng) and, with them, a table \
            of keys; several inputs are one account. What an input is, is told by what is in it. Writes a scenario folder, runs \
            it, and compares. Exit codes: 0 the same, 1 the run departs, 2 an input that cannot be read, 3 this machine cannot.
            """)

    @Argument(help: ArgumentHelp("Logs, captures, tables of keys.", valueName: "log"))
    var logs: [String]

    @Option(
        help: ArgumentHelp(
            "The folder for the scenario and its results; OUTPUT/reproduce if not given.", valueName: "dir"))
    var output = "OUTPUT/reproduce"

    @Flag(
        name: .customLong("run"), inversion: .prefixedNo,
        help: "Run the scenario and compare; without, it is written only.")
    var runs = true

    @OptionGroup var locations: LocationOptions

    func run() throws {
        let account: Account
        do {
            account = Account(try InputFiles.read(logs))
        } catch let error as InputError {
            throw Exit.usage(error.description)
        } catch let error as SystemError { throw Exit.usage("\(error)") }
        let diagnosis = Diagnosis(account)
        for line in AccountText(account, diagnosis).lines { Terminal.print(line) }
        guard let plan = ReproductionPlan(account) else { return }
        let steps = ExpectedStep.steps(account)
        let scenario: String
        do {
            try FileSystem.makeDirectories(output)
            scenario = try FileSystem.resolve(output) + "/" + name
            // Both are written anew: only what an earlier run of this command has made may go.
            for (folder, mark) in [(scenario, "reproduce.yaml"), (scenario + "-run", "result.json")]
            where FileSystem.exists(folder) && !FileSystem.exists(folder + "/" + mark) {
                throw Exit.usage("\(folder) is in the way, and not this command's: name another folder with --output")
            }
            try ReproductionFolder(plan, account, diagnosis, steps: steps).write(to: scenario)
        } catch let exit as Exit {
            throw exit
        } catch { throw Exit.usage("--output \(output): \(error)") }
        Terminal.print("")
        Terminal.print("chosen, as nobody says it:")
        for choice in plan.choices { Terminal.print("  \(choice)") }
        if !plan.limits.isEmpty { Terminal.print("not the same:") }
        for limit in plan.limits { Terminal.print("  \(limit)") }
        Terminal.print("scenario: \(scenario)")
        if runs { try repeatIt(scenario, steps) }
    }

    /// The first input's name, as a folder's.
    private var name: String {
        let file = logs[0].split(separator: "/").last ?? "log"
        let stem = file.split(separator: ".").first ?? "log"
        return String(stem.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" })
    }

    private func repeatIt(_ scenario: String, _ steps: [ExpectedStep]) throws {
        var runs = FolderRuns(installation: try locations.installation(), kernel: .auto)
        let place = scenario + "-run"
        try runs.add(name, folder: scenario, output: place)
        var result: ScenarioResult?
        runs.execute { event in
            switch event {
            case .started: break
            case .progress(_, let text): Terminal.showLive(Terminal.dim(String(text.prefix(Terminal.width - 1))))
            case .finished(_, let finished):
                Terminal.clearLive()
                result = finished
            }
        }
        guard let result else { throw Exit.nothingRan("nothing ran") }
        if result.verdict == .unsupported { throw Exit.machineCannot(result.reason) }
        let capture: DecodedCapture
        do {
            capture = try CaptureDecoding.decode(output: place, link: ReproductionFolder.link)
        } catch {
            Terminal.print("the run left no capture: \(result.reason)")
            throw Exit.scenarioFailed
        }
        let comparison = Comparison(steps, run: capture)
        Terminal.print("")
        Terminal.print("run, on the wire:")
        for line in comparison.lines { Terminal.print("  \(line)") }
        if result.isInterrupted { Terminal.print("  it stopped before its last command: \(result.reason)") }
        for finding in result.findings {
            Terminal.print("  found: \(finding.place): \(finding.text)")
        }
        let isSound = comparison.departure == nil && !result.isInterrupted && result.findings.isEmpty
        Terminal.print(
            isSound ? Terminal.green(comparison.verdict) : Terminal.red(comparison.verdict))
        Terminal.print(
            Terminal.dim(
                "its messages, decrypted: "
                    + CaptureDecoding.command(output: place, link: ReproductionFolder.link)))
        if !isSound { throw Exit.scenarioFailed }
    }
}
