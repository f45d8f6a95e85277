import ArgumentParser
import Glibc
import Interop
import Lab
import LinuxSystem
import Scenario

extension InteropPeer: ExpressibleByArgument {}

/// `swantest interop`: our daemon and a real one, in both roles, case by case.
struct InteropCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "interop",
        abstract: "Hold swand against another daemon, in both roles, case by case.",
        discussion: """
            Each cell is a scenario of its own, judged by the traffic through its tunnel, by the decoded capture and by \
            what both daemons say that they have. Writes interop.json and index.html beside the cells' folders.
            """)

    @Option(help: "The other daemon: strongswan or libreswan.")
    var peer = InteropPeer.strongswan

    @Option(help: "Whose manner swand has: pluto or vpp.")
    var dialect = "pluto"

    @Option(help: ArgumentHelp("Where a build of the user's own is installed.", valueName: "dir"))
    var prefix: String?

    @Option(
        name: .customLong("case"),
        help: ArgumentHelp("Only cases of this name (* and ? match); may be given again.", valueName: "name"))
    var cases: [String] = []

    @Option(help: ArgumentHelp("The folder for results.", valueName: "dir"))
    var output = "OUTPUT/interop"

    @Option(name: [.short, .long], help: "How many cells run at a time; the number of processors if not given.")
    var jobs: Int?

    @Option(
        help: ArgumentHelp(
            """
            host: this machine's kernel; uml: user-mode Linux; auto: uml for the cells in which the other needs the \
            kernel's ESP (libreswan in all), where this machine has none.
            """, valueName: "host|uml|auto"))
    var kernel = KernelChoice.auto

    @Flag(help: "Only say which cases there are.")
    var list = false

    @OptionGroup var locations: LocationOptions

    func validate() throws {
        if let jobs, jobs < 1 { throw ValidationError("--jobs takes a number from 1 on") }
        if !["pluto", "vpp"].contains(dialect) {
            throw ValidationError("there is no matrix for the dialect \(dialect), but for pluto and vpp")
        }
        if dialect == "vpp", peer != .strongswan {
            throw ValidationError("there is no matrix of the dialect vpp with \(peer.rawValue)")
        }
        if let prefix, !prefix.hasPrefix("/") { throw ValidationError("--prefix takes an absolute path") }
    }

    func run() throws {
        let chosen = try selectedCases()
        if list {
            for test in chosen { Terminal.print("\(test.name)  \(test.about)") }
            return
        }
        let installation = try locations.installation()
        let cells = InteropCell.cells(chosen)
        do {
            try FileSystem.makeDirectories(output)
        } catch { throw Exit.usage("--output \(output): \(error)") }
        let place = try FileSystem.resolve(output)
        var reports: [CellReport] = []
        if let refusal {
            reports = cells.map { CellReport($0, verdict: .unsupported, reason: refusal) }
        } else {
            let possible = try execute(cells.filter { CellReport(beyond: $0) == nil }, place, installation)
            reports = cells.compactMap { cell in
                CellReport(beyond: cell) ?? possible.first { $0.name == cell.name }
                    ?? CellReport(cell, verdict: .red, reason: "the run left no result")
            }
        }
        let matrix = MatrixReport(peer: peer.rawValue, version: version, cells: reports)
        do {
            try FileSystem.write(place + "/interop.json", matrix.json)
            try FileSystem.write(place + "/index.html", MatrixPage(matrix, folder: place).html)
        } catch { throw Exit.usage("--output \(output): \(error)") }
        show(matrix)
        Terminal.print("see \(place)/index.html")
        if matrix.count(.red) > 0 { throw Exit.scenarioFailed }
        if matrix.count(.green) == 0 { throw Exit.machineCannot(reports.first?.reason ?? "no cell") }
    }

    /// Why the other daemon cannot be run here; nil where it can.
    private var refusal: String? {
        switch peer {
        case .strongswan: StrongSwanInstallation(prefix: prefix).refusal(onThisKernel: kernel == .host)
        case .libreswan: LibreswanInstallation(tree: prefix).refusal
        }
    }

    /// What the other daemon says that it is: `strongSwan swanctl 5.9.8`, `Libreswan 4.10`.
    private var version: String {
        let program =
            switch peer {
            case .strongswan: StrongSwanInstallation(prefix: prefix).swanctl
            case .libreswan: LibreswanInstallation(tree: prefix).whack
            }
        let answer = try? LocalCommand([program, "--version"]).run(timeout: .seconds(5))
        return answer?.output.split(separator: "\n").first.map(String.init) ?? peer.title
    }

    private func selectedCases() throws -> [InteropCase] {
        let (all, controls) =
            switch peer {
            case .libreswan: (LibreswanCases.all, LibreswanCases.controls)
            case .strongswan:
                dialect == "vpp" ? (VPPCases.all, VPPCases.controls) : (InteropCases.all, InteropCases.controls)
            }
        if cases.isEmpty { return all }
        let chosen = (all + controls).filter { test in
            cases.contains { ScenarioSelection.matches($0, test.name) }
        }
        if chosen.isEmpty { throw Exit.usage("no case matches; swantest interop --list shows what there is") }
        return chosen
    }

    // MARK: Cells

    private func execute(
        _ cells: [InteropCell], _ place: String, _ installation: Installation
    ) throws -> [CellReport] {
        var runs = FolderRuns(installation: installation, kernel: kernel, limit: jobs)
        for cell in cells {
            let folder = try CellScenario(cell).write(below: place + "/scenarios", prefix: prefix)
            try runs.add(cell.name, folder: folder, output: "\(place)/\(cell.name)")
        }
        var reports = [CellReport?](repeating: nil, count: cells.count)
        runs.execute { event in
            switch event {
            case .started: break
            case .progress(let index, let text):
                Terminal.showLive(Terminal.dim(String("\(cells[index].name): \(text)".prefix(Terminal.width - 1))))
            case .finished(let index, let result):
                let report = CellReport(cells[index], result: result)
                reports[index] = report
                Terminal.clearLive()
                if report.verdict == .red { Terminal.print("\(report.name) \(Terminal.red("red")): \(report.reason)") }
            }
        }
        return reports.compactMap(\.self)
    }

    /// The table: a line for each case, a column for each role.
    private func show(_ matrix: MatrixReport) {
        var names: [String] = []
        for cell in matrix.cells where names.last != cell.test { names.append(cell.test) }
        let width = (names.map(\.count).max() ?? 0) + 2
        func padded(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: Swift.max(0, width - text.count))
        }
        Terminal.print("")
        Terminal.print("\(padded("case", width))\(padded("swand initiates", 17))\(peer.rawValue) initiates")
        for name in names {
            func word(_ side: InteropSide) -> String {
                guard let cell = matrix.cells.first(where: { $0.test == name && $0.initiator == side }) else {
                    return padded("-", 17)
                }
                let text = padded(cell.verdict.rawValue, 17)
                switch cell.verdict {
                case .green: return Terminal.green(text)
                case .red: return Terminal.red(text)
                case .unsupported: return Terminal.yellow(text)
                }
            }
            let reasons = Set(matrix.cells.filter { $0.test == name && $0.verdict == .unsupported }.map(\.reason))
            Terminal.print(
                padded(name, width) + word(.swand) + word(.peer)
                    + Terminal.dim(reasons.sorted().joined(separator: "; ")))
        }
        Terminal.print("")
        Terminal.print("\(matrix.version): \(matrix.summary)")
    }
}
