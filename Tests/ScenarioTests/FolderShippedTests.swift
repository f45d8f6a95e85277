import Testing
import Transcript

@testable import Scenario

/// The scenarios under testing/.
struct FolderShippedTests {
    @Test func `every scenario loads, says what it is about, and its consoles show its scripts' lines`() throws {
        let found = try ScenarioFolder.discover(in: #require(FolderFixture.beside("testing")))
        #expect(found.count >= 10)
        for scenario in found {
            let folder = try scenario.result.get()
            #expect(!folder.description.isEmpty, "\(folder.name)")
            #expect(!folder.isRecorded)
            for host in folder.hosts where folder.steps.contains(where: { $0.host == host }) {
                let console = try FolderFixture.text(#require(folder.expected[host], "\(folder.name) \(host)"))
                let shown = ConsoleStep.steps(of: console, host: host).map(\.command)
                #expect(folder.steps.filter { $0.host == host }.map(\.text) == shown, "\(folder.name) \(host)")
                let sanitized = Sanitizer.libreswan(host: host).sanitize(console)
                #expect(sanitized == console, "\(folder.name) \(host)")
            }
        }
    }

    @Test(.enabled(if: FolderFixture.beside("shared/seeds") != nil, "../shared is not here"))
    func `west's console of ikev2-resume-01 is the document that it reproduces`() throws {
        let folder = try ScenarioFolder.load(#require(FolderFixture.beside("testing/ikev2-resume-01")))
        let seed = try #require(FolderFixture.beside("shared/seeds/libreswan-resume-rollover-west.console.txt"))
        #expect(try FolderFixture.text(#require(folder.expected["west"])) == FolderFixture.text(seed))
    }
}
