import LinuxSystem
import Scenario
import Testing

/// A copy of one of testing/'s scenarios, to be changed by a test.
struct ShippedScenario {
    let folder: String

    /// Replaces the one place where a text stands in a file; anywhere else than in one place is a mistake of the test.
    func replace(_ old: String, with new: String, in file: String) throws {
        let text = try FileSystem.readText("\(folder)/\(file)")
        try #require(text.ranges(of: old).count == 1, "\(file) has \(text.ranges(of: old).count) of: \(old)")
        try write(text.replacing(old, with: new), to: file)
    }

    func append(_ text: String, to file: String) throws {
        try write(FileSystem.readText("\(folder)/\(file)") + text, to: file)
    }

    /// Leaves out everything from a text's first place on.
    func cut(_ file: String, before text: String) throws {
        let whole = try FileSystem.readText("\(folder)/\(file)")
        let place = try #require(whole.firstRange(of: text), "\(file) has no \(text)")
        try write(String(whole[..<place.lowerBound]), to: file)
    }

    func write(_ text: String, to file: String) throws { try FileSystem.write("\(folder)/\(file)", text) }

    func remove(_ file: String) throws { try FileSystem.removeTree("\(folder)/\(file)") }
}

extension RunnerProgram {
    /// The folder of the tests' own program: what `swift build` made stands there.
    private static var built: String? {
        (try? FileSystem.resolve("/proc/self/exe")).map(FileSystem.parent(of:))
    }

    static var hasDaemon: Bool { built.map { FileSystem.isExecutable($0 + "/swand") } ?? false }

    /// The names of the scenarios under testing/.
    static var shippedNames: [String] {
        get throws {
            let testing = try #require(FolderFixture.beside("testing"))
            return try FileSystem.list(testing).filter { $0 != "topologies" }.sorted()
        }
    }

    /// Those of them that any kernel can run. `make scenarios` runs the others, in user-mode Linux where it has to: that is
    /// no work to be done beside all other tests.
    static var namesForAnyKernel: [String] {
        get throws {
            try shippedNames.filter { name in
                try ScenarioFolder.load(#require(FolderFixture.beside("testing/\(name)"))).settings.requires.isEmpty
            }
        }
    }

    /// Copies a scenario of testing/ into this runner's, with the scripts and the daemon that it needs.
    func copyShipped(_ name: String) throws -> ShippedScenario {
        let target = "\(folder)/testing/\(name)"
        try FileSystem.copyTree(#require(FolderFixture.beside("testing/\(name)")), to: target)
        if !FileSystem.exists(folder + "/swand") { try addDaemon() }
        return ShippedScenario(folder: target)
    }

    /// Copies the built daemon and the shipped scripts.
    func addDaemon() throws {
        let swand = try #require(Self.built) + "/swand"
        try RunnerProgram.place(swand, at: folder + "/swand")
        for name in ["swand-client", "mip6d"] {
            try RunnerProgram.place(FileSystem.parent(of: swand) + "/" + name, at: folder + "/" + name)
        }
        try FileSystem.removeTree(folder + "/guestbin")
        try FileSystem.copyTree(#require(FolderFixture.beside("guestbin")), to: folder + "/guestbin")
    }
}
