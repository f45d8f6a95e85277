import LinuxSystem
import Scenario
import Testing

/// Shipped scenarios with one thing made wrong: each has to fail, and its first failing point has to be the fault's.
@Suite(.serialized, .enabled(if: RunnerProgram.hasDaemon, "swand is not built beside the tests"))
struct NegativeControlTests {
    /// What a scenario with a fault in it is to come to.
    private struct Expectation {
        var host = "west"
        let command: String
        let expected: String?
        let got: String?
    }

    /// Runs a shipped scenario after a change, and checks verdict, exit code and the first difference, in result.json
    /// and on the terminal.
    private func control(
        _ name: String, _ change: (ShippedScenario) throws -> Void, _ wanted: Expectation
    ) throws -> ScenarioResult {
        try withRunner { runner in
            try change(try runner.copyShipped(name))
            let answer = try runner.run("run", name)
            #expect(answer.status == .exited(1), "\(answer.text)")
            let result = try ScenarioResult(json: FileSystem.read("\(runner.folder)/OUTPUT/\(name)/result.json"))
            #expect(result.verdict == .failed, "\(answer.text)")
            let first = try #require(result.firstDifference)
            #expect(first.host == wanted.host)
            #expect(first.command == wanted.command)
            #expect(first.expected == wanted.expected)
            #expect(first.got == wanted.got)
            let lines = answer.text.split(separator: "\n").map(String.init)
            #expect(
                lines[0].hasPrefix("\(name) failed: \(wanted.host)'s console differs at line \(first.line) "),
                "\(lines[0])")
            #expect(
                lines[1] == "  first difference on \(wanted.host), line \(first.line), under: \(wanted.command)",
                "\(lines[1])")
            return result
        }
    }

    @Test func `unchanged it passes, so that the changes below are what fails`() throws {
        try withRunner { runner in
            for name in ["ikev2-basic-psk-01", "ikev2-resume-01"] { _ = try runner.copyShipped(name) }
            let answer = try runner.run("run")
            #expect(answer.status == .exited(0), "\(answer.text)")
        }
    }

    @Test func `another secret on one side fails at the authentication, and the ping in clear is found`() throws {
        let result = try control(
            "ikev2-basic-psk-01",
            { try $0.replace("ABCDEF", with: "ABCDEG", in: "east.secrets") },
            Expectation(
                command: "ipsec up west-east",
                expected: "\"west-east\" #1: initiator established IKE SA; authenticated peer using authby=secret "
                    + "and FQDN '@east'",
                got: "\"west-east\" #1: IKE SA authentication request rejected by peer: AUTHENTICATION_FAILED"))
        #expect(result.findings.map(\.kind) == [.clearPacket, .noESP])
        #expect(result.findings.first?.place == "192_1_2")
    }

    @Test func `one octet of an ESP key fails at the ping, with the tunnel up and the answers uncounted`() throws {
        let result = try control(
            "ikev2-basic-psk-01",
            { folder in
                try folder.replace(
                    "echo \"initdone\"\n", with: "ipsec whack --impair corrupt-esp-key\n", in: "01-east-init.sh")
                try folder.replace(
                    " echo \"initdone\"\ninitdone\n", with: " ipsec whack --impair corrupt-esp-key\n",
                    in: "east.console.txt")
            },
            Expectation(
                command: "../../guestbin/ping-once.sh --up -I 192.0.1.254 192.0.2.254", expected: "up",
                got: "down UNEXPECTED"))
        // East got the request and counted it; only west's console is another.
        #expect(result.hosts.map(\.host) == ["west", "east"])
        #expect(result.hosts.map(\.console) == [.different, .identical])
        #expect(result.findings.isEmpty)
    }

    @Test func `a ticket that another key is to open fails where the resumption should have been`() throws {
        let roll = "ipsec whack --impair trigger:EVENT_REINIT_SECRET\n"
        func shown(_ number: Int) -> String {
            " \(roll)IMPAIR: injecting timer event EVENT_REINIT_SECRET\n"
                + "refreshed session resume keys, issuing key \(number)\neast #\n"
        }
        let result = try control(
            "ikev2-resume-01",
            { folder in
                try folder.replace(roll, with: roll + roll + roll, in: "04-east-roll-once.sh")
                // East's console is expected as these commands make it: east does what it should.
                try folder.replace("issuing key 4\n", with: "issuing key 6\n", in: "east.console.txt")
                try folder.replace("issuing key 3\n", with: "issuing key 5\n", in: "east.console.txt")
                try folder.replace(shown(2), with: shown(2) + shown(3) + shown(4), in: "east.console.txt")
            },
            Expectation(
                command: "ipsec up west-east",
                expected: "\"west-east\" #3: initiator processed IKE_SESSION_RESUME; processed IKE_SESSION_RESUME "
                    + "response, preparing IKE_AUTH request",
                got: "\"west-east\" #3: received TICKET_NACK notification response to IKE_SESSION_RESUME request, "
                    + "retrying using IKE_SA_INIT"))
        #expect(result.hosts.map(\.console) == [.different, .identical])
    }

    @Test func `a link that carries nothing fails at the first answer that does not come`() throws {
        let result = try control(
            "ikev2-basic-psk-01",
            { folder in
                try folder.replace(
                    "\tauto=ignore\n", with: "\tauto=ignore\n\tretransmit-interval=100\n\tretransmit-timeout=1\n",
                    in: "ipsec.conf")
                try folder.append("impairments: [{link: \"192_1_2\", action: drop}]\n", to: "scenario.yaml")
            },
            Expectation(
                command: "ipsec up west-east",
                expected: "\"west-east\" #1: processed IKE_SA_INIT response from 192.1.2.23:UDP/500 "
                    + "{cipher=AES_GCM_16_256 integ=n/a prf=HMAC_SHA2_512 group=DH19}, initiating IKE_AUTH",
                got: "\"west-east\" #1: IKE_SA_INIT_I: 1 second timeout exceeded after 4 retransmits.  No response "
                    + "(or no acceptable response) to our first IKEv2 message"))
        #expect(result.findings.map(\.kind) == [.noESP])
    }

    @Test func `an interface that goes down under a tunnel fails at the ping`() throws {
        let result = try control(
            "ikev2-basic-psk-01",
            { folder in
                try folder.replace(
                    "\tauto=ignore\n", with: "\tauto=ignore\n\tretransmit-interval=100\n\tretransmit-timeout=1\n",
                    in: "ipsec.conf")
                try folder.replace(
                    "ipsec up west-east\n", with: "ipsec up west-east\nip link set eth1 down\n", in: "03-west-up.sh")
                try folder.replace(
                    "west #\n ../../guestbin/ping-once.sh",
                    with: "west #\n ip link set eth1 down\nwest #\n ../../guestbin/ping-once.sh",
                    in: "west.console.txt")
            },
            Expectation(
                command: "../../guestbin/ping-once.sh --up -I 192.0.1.254 192.0.2.254", expected: "up",
                got: "down UNEXPECTED"))
        #expect(result.findings.contains { $0.kind == .noESP })
    }

    @Test func `traffic that goes in clear fails, though both ends are content`() throws {
        // The scenario that someone who forgot the tunnel would have written: no console tells.
        try withRunner { runner in
            let name = "ikev2-basic-psk-01"
            let folder = try runner.copyShipped(name)
            for script in ["03-west-up.sh", "04-east-traffic.sh", "05-west-down.sh", "06-east-down.sh"] {
                try folder.remove(script)
            }
            try folder.write(
                "../../guestbin/ping-once.sh --up -I 192.0.1.254 192.0.2.254\n", to: "03-west-ping.sh")
            try folder.cut("east.console.txt", before: " ipsec trafficstatus\n")
            try folder.cut("west.console.txt", before: " ipsec up west-east\n")
            try folder.append(
                " ../../guestbin/ping-once.sh --up -I 192.0.1.254 192.0.2.254\nup\nwest #\n", to: "west.console.txt")
            let answer = try runner.run("run", name)
            #expect(answer.status == .exited(1), "\(answer.text)")
            let result = try ScenarioResult(json: FileSystem.read("\(runner.folder)/OUTPUT/\(name)/result.json"))
            #expect(result.verdict == .failed)
            #expect(result.hosts.allSatisfy { $0.console == .identical })
            #expect(result.firstDifference == nil)
            let prefix = "\(name) failed: 192_1_2: 2 protected packets in clear, the first: 192.0.1.254 > 192.0.2.254"
            #expect(answer.text.hasPrefix(prefix), "\(answer.text)")
        }
    }
}
