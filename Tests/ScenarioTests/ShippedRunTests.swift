import Glibc
import LinuxSystem
import Scenario
import Testing

/// The scenarios under testing/ that any kernel can run, run by the built program: as users run them, and looked at from outside.
@Suite(.serialized, .enabled(if: RunnerProgram.hasDaemon, "swand is not built beside the tests"))
struct ShippedRunTests {
    private static let isRoot = geteuid() == 0

    private func withAllScenarios(_ user: RunnerProgram.User = .own, _ body: (RunnerProgram) throws -> Void) throws {
        try withRunner(user) { runner in
            // One may borrow another's files.
            for name in try RunnerProgram.shippedNames { _ = try runner.copyShipped(name) }
            try body(runner)
        }
    }

    @Test(
        .enabled(if: isRoot, "only root can make the namespaces that are looked at"),
        arguments: [RunnerProgram.User.own, .ordinary])
    func `all pass four at a time, and the machine is as it was before`(user: RunnerProgram.User) throws {
        try withAllScenarios(user) { runner in
            let count = try RunnerProgram.namesForAnyKernel.count
            #expect(count >= 10)
            let answer = try PrivateMachine.run(
                "look >/run/before; \"$@\" || exit $?; settle /run/before || exit 99",
                runner.commandLine(
                    ["run", "--jobs", "4", "--junit", runner.folder + "/OUTPUT/junit.xml"]
                        + RunnerProgram.namesForAnyKernel))
            #expect(answer.status == .exited(0), "\(answer.text)")
            #expect(answer.text.contains("\n\(count) passed of \(count) in "), "\(answer.text)")
            let junit = try runner.read("OUTPUT/junit.xml")
            #expect(junit.ranges(of: "<testcase ").count == count)
            for name in try RunnerProgram.namesForAnyKernel { #expect(junit.contains("<testcase name=\"\(name)\"")) }
            if Tool.isInstalled("xmllint") {
                let schema = FileSystem.parent(of: #filePath) + "/Resources/junit.xsd"
                let lint = try Tool.run(["xmllint", "--noout", "--schema", schema, runner.folder + "/OUTPUT/junit.xml"])
                #expect(lint.status == .exited(0), "\(lint.text)")
            }
        }
    }

    @Test(
        .enabled(if: isRoot, "only root can make the namespaces that are looked at"),
        arguments: [RunnerProgram.User.own, .ordinary])
    func `a runner that is killed while daemons run leaves the machine as it was before`(user: RunnerProgram.User)
        throws
    {
        try withAllScenarios(user) { runner in
            // Killed when four daemons were seen at work, however long that takes, and not before the look can tell the
            // difference. The count is the one that ended the wait: a moment later it may be lower.
            let answer = try PrivateMachine.run(
                """
                look >/run/before
                "$@" >/run/output 2>&1 &
                runner=$!
                until daemons=$(pgrep -cx swand); [ $daemons -ge 4 ]; do kill -0 $runner || exit 96; sleep 0.01; done
                echo "daemons: $daemons"
                look >/run/during
                cmp -s /run/before /run/during && exit 98
                kill -9 $runner || exit 97
                wait $runner
                settle /run/before || exit 99
                """, runner.commandLine(["run", "--jobs", "4", "--repeat", "20"] + RunnerProgram.namesForAnyKernel))
            #expect(answer.status == .exited(0), "\(answer.text)")
            let daemons = try #require(answer.text.firstMatch(of: #/daemons: (\d+)/#)).1
            #expect(try #require(Int(daemons)) >= 4, "\(answer.text)")
        }
    }

    @Test(.enabled(if: isRoot, "only root can put another /dev/net/tun before a user"))
    func `an ordinary user for whom dev-net-tun is closed gets the same consoles`() throws {
        try withRunner(.ordinary) { runner in
            _ = try runner.copyShipped("ikev2-resume-01")
            // As on a fresh machine: the node is there, and root's alone.
            let answer = try PrivateMachine.run(
                """
                mount -t tmpfs tmpfs /dev/net && mknod -m 0600 /dev/net/tun c 10 200 || exit 98
                setpriv --reuid=65534 --regid=65534 --clear-groups bash -c ': <>/dev/net/tun' 2>/dev/null && exit 97
                "$@"
                """, runner.commandLine(["run", "ikev2-resume-01"]))
            #expect(answer.status == .exited(0), "\(answer.text)")
            for host in ["west", "east"] {
                #expect(
                    try runner.read("OUTPUT/ikev2-resume-01/\(host).console.txt")
                        == FolderFixture.text(
                            #require(FolderFixture.beside("testing/ikev2-resume-01/\(host).console.txt"))))
            }
        }
    }

    @Test(.enabled(if: Tool.isInstalled("tshark"), "tshark is not installed"))
    func `tshark sees ESP where pings got through, no echo in clear, and no malformed message`() throws {
        try withAllScenarios { runner in
            let answer = try runner.run(["run", "--jobs", "4"] + RunnerProgram.namesForAnyKernel)
            #expect(answer.status == .exited(0), "\(answer.text)")
            var pings = 0
            // The others have other hosts and links; the run itself finds their packets in clear and their malformed ones.
            for name in try RunnerProgram.namesForAnyKernel where name.hasPrefix("ikev2-") {
                guard FolderFixture.beside("testing/\(name)/west.console.txt") != nil else { continue }
                let folder = "OUTPUT/\(name)"
                let capture = "\(runner.folder)/\(folder)/192_1_2.pcapng"
                let ups = try runner.read("\(folder)/west.console.txt").ranges(of: "\nup\n").count
                #expect(try Self.frames(capture, "esp").count >= 2 * ups, "\(name)")
                #expect(try !Self.frames(capture, "isakmp").isEmpty, "\(name)")
                // An inner packet inside of anything else would be one, too: its addresses, one behind the other.
                let wrong = try Self.frames(capture, "\(Self.clear) || \(Self.innerAddresses) || _ws.malformed")
                #expect(wrong == [], "\(name)")
                pings += ups
            }
            #expect(pings >= 8)
            let routers = try IOSCapture.messages(output: "\(runner.folder)/OUTPUT/ios-psk-debug")
            for message in IOSCapture.documented { #expect(routers.contains(message), "\(message)") }
        }
    }

    @Test(.enabled(if: Tool.isInstalled("tshark"), "tshark is not installed"))
    func `tshark does see a ping in clear`() throws {
        try withRunner { runner in
            let ping = "ping -n -q -c 1 -W 2 -I 192.0.1.254 192.0.2.254 | grep -c ' 0% packet loss'"
            try runner.scenario("w", RunTests.west(ping, ping + "\n1\nwest #"))
            #expect(try runner.run("run", "w").status == .exited(0))
            let capture = "\(runner.folder)/OUTPUT/w/192_1_2.pcapng"
            #expect(try Self.frames(capture, Self.clear).count == 2)
            #expect(try Self.frames(capture, Self.innerAddresses).count == 2)
        }
    }

    @Test(.enabled(if: Tool.isInstalled("tshark"), "tshark is not installed"))
    func `a burst of ESP in UDP crosses the link packet by packet`() throws {
        try withRunner { runner in
            let scenario = try runner.copyShipped("ikev2-basic-psk-01")
            try scenario.replace("\tauto=ignore", with: "\tencapsulation=yes\n\tauto=ignore", in: "ipsec.conf")
            let burst = "ping -n -q -l 20 -c 20 -I 192.0.1.254 192.0.2.254"
            try scenario.append("\(burst)\n", to: "03-west-up.sh")
            // Its consoles differ, as it types more than they show; the captures are of interest here.
            let answer = try runner.run("run", "ikev2-basic-psk-01")
            #expect(answer.status == .exited(1))
            let folder = "OUTPUT/ikev2-basic-psk-01"
            #expect(try runner.read("\(folder)/west.console.verbose.txt").contains("20 received"))
            #expect(try Self.frames("\(runner.folder)/\(folder)/192_1_2.pcapng", "esp").count == 2 * 21)
        }
    }

    private static let clear = "icmp.type == 8 || icmp.type == 0 || icmpv6.type == 128 || icmpv6.type == 129"

    /// 192.0.1.254 and 192.0.2.254, 2001:db8:0:1::254 and 2001:db8:0:2::254, both ways, wherever they stand in a frame.
    private static let innerAddresses: String = {
        let pairs = [
            ("c0:00:01:fe", "c0:00:02:fe"),
            ("20:01:0d:b8:00:00:00:01:00:00:00:00:00:00:02:54", "20:01:0d:b8:00:00:00:02:00:00:00:00:00:00:02:54"),
        ]
        return pairs.map { "frame contains \($0):\($1) || frame contains \($1):\($0)" }.joined(separator: " || ")
    }()

    /// The numbers of the frames that a display filter picks.
    private static func frames(_ capture: String, _ filter: String) throws -> [String] {
        try Tool.lines(["tshark", "-r", capture, "-Y", filter, "-T", "fields", "-e", "frame.number"])
    }
}
