import FoundationEssentials
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
    package var output: String
    /// Milliseconds that a command may take where the scenario does not say.
    package var timeout: Int
    package var takesCaptures: Bool
    /// Milliseconds that the boot took, for the first run after it.
    package var boot: Int = 0

    package init(
        job: RunPool.Job, folder: String, topology: String, installation: Installation, output: String,
        options: ScenarioRun.Options
    ) {
        name = job.name
        repetition = job.repetition
        self.folder = folder
        self.topology = topology
        testing = installation.testing
        guestbin = installation.guestbin
        swand = installation.swand
        self.output = output
        timeout = Int(options.timeout.milliseconds)
        takesCaptures = options.takesCaptures
    }

    var installation: Installation { Installation(testing: testing, guestbin: guestbin, swand: swand) }

    /// One line, without the newline.
    func line() -> [UInt8] {
        do { return Array(try JSONEncoder().encode(self)) } catch { preconditionFailure("job: \(error)") }
    }

    init(line: [UInt8]) throws { self = try JSONDecoder().decode(Self.self, from: Data(line)) }
}
