import FoundationEssentials
import Glibc
import Lab
import LinuxSystem

/// A lab that a user-mode Linux is asked to build and keep; all paths are the host's, and the same inside.
package struct GuestLabJob: Codable, Sendable {
    /// The lab's.
    package var name: String
    /// The file of its topology.
    package var topology: String
    /// Of the topology; not for a scenario's.
    package var hosts: [String] = []
    /// The scenario's folder, and where its output goes.
    package var folder: String?
    package var output: String?
    package var testing: String
    package var guestbin: String
    package var swand: String?
    package var fetched: String

    /// - Parameter topology: its file.
    package init(name: String, topology: String, installation: Installation) {
        self.name = name
        self.topology = topology
        testing = installation.testing
        guestbin = installation.guestbin
        swand = installation.swand
        fetched = FetchedPackages.folder
    }

    package init(folder: ScenarioFolder, installation: Installation, output: String) {
        self.init(
            name: folder.name, topology: folder.topologyFile(among: installation.topologies), installation: installation
        )
        self.folder = folder.path
        self.output = output
    }

    var requires: [MachineFeature] {
        folder.flatMap { try? ScenarioFolder.load($0) }?.settings.requires ?? []
    }

    /// In the guest: builds the lab.
    func start() throws -> LabRecord {
        setenv(FetchedPackages.variable, fetched, 1)
        // The records of the host's labs are none of a guest's.
        setenv("XDG_RUNTIME_DIR", "/run", 1)
        let topology = try Topology.load(contentsOf: topology)
        let installation = Installation(testing: testing, guestbin: guestbin, swand: swand)
        guard let folder, let output else {
            return try LabSession.start(
                name: name, topology: topology, hosts: Set(hosts), options: HostLayout.options(of: installation))
        }
        let scenario = try ScenarioFolder.load(folder)
        return try KeptLab.start(
            folder: scenario, topology: topology,
            layout: HostLayout(folder: scenario, installation: installation, output: output))
    }

    /// One line, without the newline.
    func line() -> [UInt8] {
        do { return Array(try JSONEncoder().encode(self)) } catch { preconditionFailure("job: \(error)") }
    }

    init(line: [UInt8]) throws { self = try JSONDecoder().decode(Self.self, from: Data(line)) }
}
