import Testing

@testable import Scenario

/// `daemon:` of scenario.yaml.
struct DaemonSettingsTests {
    private func read(_ text: String) throws(ScenarioError) -> ScenarioSettings {
        try FolderSettingsReader(file: "scenario.yaml").read(text)
    }

    @Test func `a daemon for all hosts, for one, and one of the user's own`() throws {
        #expect(try read("daemon: strongswan\n").daemon(of: "east") == "strongswan")
        let some = try read("daemon: {west: swand, east: strongswan}\n")
        #expect(some.strongSwan(of: "east") == StrongSwanInstallation())
        #expect(some.strongSwan(of: "west") == nil && some.strongSwan(of: "road") == nil)
        let own = try read("daemon: {east: {kind: strongswan, prefix: /opt/swan}}\n")
        #expect(own.strongSwan(of: "east")?.prefix == "/opt/swan")
        let libreswan = try read("daemon: {east: {kind: libreswan, prefix: /opt/libreswan}}\n")
        #expect(libreswan.libreswan(of: "east")?.tree == "/opt/libreswan" && libreswan.libreswan(of: "west") == nil)
        #expect(libreswan.strongSwan(of: "east") == nil)
        let all = try read("daemon: {kind: strongswan, prefix: /opt/swan}\n")
        #expect(all.strongSwan(of: "anywhere")?.charon == "/opt/swan/libexec/ipsec/charon")
    }

    @Test(arguments: [
        "daemon: {east: {kind: nobody}}", "daemon: {east: {prefix: /opt}}", "daemon: {kind: strongswan, prefix: opt}",
        "daemon: {east: {kind: swand, prefix: /opt}}", "daemon: {east: {kind: strongswan, path: /opt}}",
    ]) func `what cannot be meant is refused`(text: String) {
        #expect(throws: ScenarioError.self) { try read(text + "\n") }
    }

    @Test func `a build that is not there says what is missing, and Debian's which packages`() throws {
        let refusal = try #require(StrongSwanInstallation(prefix: "/nowhere").refusal())
        #expect(refusal.contains("/nowhere/libexec/ipsec/charon") && refusal.contains("--enable-kernel-libipsec"))
        let libreswan = try #require(LibreswanInstallation(tree: "/nowhere").refusal)
        #expect(libreswan.contains("/usr/libexec/ipsec/pluto") && libreswan.contains("DESTDIR=/nowhere"))
    }
}
