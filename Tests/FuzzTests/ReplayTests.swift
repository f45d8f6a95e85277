import Foundation
import FuzzChecks
import Testing

/// The files of the fuzzers (`Fuzz/`), so that what once broke something is tried in every test run, without a sanitizer being
/// needed: what does not hold ends the run.
@Suite struct ReplayTests {
    private static let fuzz: URL = {
        var root = URL(fileURLWithPath: #filePath)
        // This file, FuzzTests, Tests.
        for _ in 0..<3 { root.deleteLastPathComponent() }
        return root.appendingPathComponent("Fuzz")
    }()

    static let targets: [(name: String, run: @Sendable ([UInt8]) -> Void)] = [
        ("message", MessageChecks.run), ("configuration", ConfigurationChecks.run), ("engine", EngineChecks.run),
        ("fragments", FragmentChecks.run), ("certificates", CertificateChecks.run), ("secrets", SecretsChecks.run),
        ("control", ControlChecks.run), ("streams", StreamChecks.run), ("capture", CaptureChecks.run),
    ]

    private static func files(_ folder: String) throws -> [URL] {
        let folder = fuzz.appendingPathComponent(folder)
        // Without a single regression there is no folder.
        guard FileManager.default.fileExists(atPath: folder.path) else { return [] }
        return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    }

    @Test(arguments: targets.map(\.name))
    func `what a fuzzer begins with, and what it once found, breaks nothing`(name: String) throws {
        let target = try #require(Self.targets.first { $0.name == name })
        let corpus = try Self.files("corpus/\(name)")
        #expect(!corpus.isEmpty, "a fuzzer without a corpus has to guess")
        for file in try corpus + Self.files("regressions/\(name)") {
            let octets = [UInt8](try Data(contentsOf: file))
            target.run(octets)
            // Cut off anywhere it must not do harm either; of the engine each try costs two engines.
            let step = name == "engine" ? max(octets.count / 4, 1) : 1
            for count in stride(from: 0, to: min(octets.count, 600), by: step) { target.run(Array(octets[..<count])) }
        }
    }

    @Test func `every target that can be built has a corpus, and every corpus a target`() throws {
        let folders = try FileManager.default.contentsOfDirectory(
            atPath: Self.fuzz.appendingPathComponent("corpus").path)
        #expect(Set(folders) == Set(Self.targets.map(\.name)))
        let script = try String(contentsOf: Self.fuzz.appendingPathComponent("build.sh"), encoding: .utf8)
        let entry = try String(contentsOf: Self.fuzz.appendingPathComponent("Entry.swift"), encoding: .utf8)
        for (name, _) in Self.targets {
            #expect(script.contains("\n\(name)) modules=") || script.contains("\n\(name))\n"), "\(name)")
            #expect(entry.contains("FUZZ_\(name)\n"), "\(name)")
        }
    }
}
