import FoundationEssentials
import Glibc
import Lab
import LinuxSystem

/// A run that a user-mode Linux is asked for; all paths are the host's, and the same inside.
package struct GuestJob: Codable, Sendable {
    package var name: String
    package var repetition: Int
    /// The scenario's folder.
    package var folder: String
    /// The file of its topology.
    package var topology: String
    package var testing: String
    package var guestbin: String
    package var swand: String?
    /// `FetchedPackages.folder` of whoever asks: a guest's process 1 has no user.
    package var fetched: String
    package var output: String
    /// Milliseconds that a command may take where the scenario does not say.
    package var timeout: Int
    package var takesCaptures: Bool
    /// What the daemons do ESP with; nil: they choose.
    package var dataPlane: String?
    /// Milliseconds that the boot took, for the first run after it.
    package var boot: Int = 0

    package init(
        job: RunPool.Job, folder: ScenarioFolder, installation: Installation, output: String,
        options: ScenarioRun.Options
    ) {
        name = job.name
        repetition = job.repetition
        self.folder = folder.path
        topology = folder.topologyFile(among: installation.topologies)
        testing = installation.testing
        guestbin = installation.guestbin
        swand = installation.swand
        fetched = FetchedPackages.folder
        self.output = output
        timeout = Int(options.timeout.milliseconds)
        takesCaptures = options.takesCaptures
        dataPlane = options.dataPlane
    }

    /// The run that it asks for: in the guest, or on the host for what is left of it.
    func run(
        start: ContinuousClock.Instant, _ report: RunPool.Report
    ) throws -> (run: ScenarioRun, folder: ScenarioFolder) {
        setenv(FetchedPackages.variable, fetched, 1)
        let folder = try ScenarioFolder.load(folder)
        var options = ScenarioRun.Options()
        options.timeout = .milliseconds(timeout)
        options.takesCaptures = takesCaptures
        options.dataPlane = dataPlane
        options.isConcludedOutside = true
        options.boot = .milliseconds(boot)
        let run = ScenarioRun(
            folder: folder, topology: try Topology.load(contentsOf: topology), installation: installation,
            output: output, repetition: repetition, options: options, start: start
        ) { report.progress($0) }
        return (run, folder)
    }

    var installation: Installation { Installation(testing: testing, guestbin: guestbin, swand: swand) }

    /// One line, without the newline.
    func line() -> [UInt8] {
        do { return Array(try JSONEncoder().encode(self)) } catch { preconditionFailure("job: \(error)") }
    }

    init(line: [UInt8]) throws { self = try JSONDecoder().decode(Self.self, from: Data(line)) }
}
