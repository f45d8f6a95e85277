import LinuxSystem
import Scenario
import Testing

/// `swantest reproduce`, from a log to a run that ends as the log does, or that is said not to.
@Suite(.serialized, .enabled(if: RunnerProgram.hasDaemon, "swand is not built beside the tests"))
struct ReproduceRunTests {
    /// - Parameter inputs: paths below this repository, or below the folder of documents beside it.
    private func reproduce(_ inputs: [String], _ more: String...) throws -> RunnerProgram.Answer {
        try withRunner { runner in
            try runner.addDaemon()
            let paths = try inputs.map { try #require(FolderFixture.beside($0)) }
            return try runner.run(["reproduce"] + paths + more)
        }
    }

    static let logs = "Tests/ReproduceTests/Logs/"

    /// What was read, and how the run must end.
    static let cases: [([String], String)] = [
        (["charon-noprop-east.log"], "IKE_SA_INIT, NO_PROPOSAL_CHOSEN"),
        (["noprop.pcapng", "charon-noprop-west.log"], "IKE_SA_INIT, NO_PROPOSAL_CHOSEN"),
        (["charon-tsbad-west.log", "charon-tsbad-east.log"], "IKE_AUTH, TS_UNACCEPTABLE"),
        (["charon-authbad-east.log"], "IKE_AUTH, AUTHENTICATION_FAILED"),
        (["charon-pfs-east.log"], "CREATE_CHILD_SA, NO_PROPOSAL_CHOSEN"),
        (["charon-pfs-west.log"], "CREATE_CHILD_SA, NO_PROPOSAL_CHOSEN"),
        (["asa-gateway.log"], "CREATE_CHILD_SA, INVALID_KE_PAYLOAD 0000"),
        (["pluto-azure.log"], "CREATE_CHILD_SA, INVALID_KE_PAYLOAD 0000"),
        (["ios-router1.log", "ios-router2.log"], "IKE_AUTH, accepted"),
        (["charon-chain-west.log"], "CREATE_CHILD_SA, NO_PROPOSAL_CHOSEN"),
    ]

    @Test(.enabled(if: Tool.isInstalled("nft"), "nft is not installed"))
    func `a NAT stands in front of the end that had one`() throws {
        try withRunner { runner in
            try runner.addDaemon()
            let path = try #require(FolderFixture.beside(Self.logs + "charon-authbad-east.log"))
            // Who calls itself by an address that its packets do not have is behind a NAT.
            let text = try FileSystem.readText(path).replacing("west.example", with: "10.0.0.7")
            try FileSystem.write(runner.folder + "/behind.log", text)
            let answer = try runner.run("reproduce", runner.folder + "/behind.log")
            #expect(answer.status == .exited(0), "\(answer.text)")
            #expect(answer.text.contains("The same exchange ends in the same way: IKE_AUTH, AUTHENTICATION_FAILED."))
            // On the link, which is the NAT's other side, it has the address of the log.
            #expect(try runner.read("OUTPUT/behind/topology.yaml").contains("10.0.0.7/24"))
            #expect(try runner.read("OUTPUT/behind/reproduce.yaml").contains("behind-nat: [initiator"))
        }
    }

    @Test(.enabled(if: Tool.isInstalled("nft"), "nft is not installed"))
    func `a refusal from behind the responder's NAT, where the peer has an address of its network`() throws {
        try withRunner { runner in
            try runner.addDaemon()
            let path = try #require(FolderFixture.beside(Self.logs + "charon-noprop-east.log"))
            let text = try FileSystem.readText(path).replacing("remote host is", with: "local host is")
            try FileSystem.write(runner.folder + "/behind.log", text)
            let answer = try runner.run("reproduce", runner.folder + "/behind.log")
            #expect(answer.status == .exited(0), "\(answer.text)")
            #expect(answer.text.contains("The same exchange ends in the same way: IKE_SA_INIT, NO_PROPOSAL_CHOSEN."))
            #expect(answer.text.contains("; a NAT in front of the responder does not show in it"), "\(answer.text)")
            #expect(try runner.read("OUTPUT/behind/topology.yaml").contains("192.1.2.23/24"))
        }
    }

    @Test(arguments: cases) func `the same exchange ends in the same way`(files: [String], ending: String) throws {
        let answer = try reproduce(files.map { Self.logs + $0 })
        #expect(answer.status == .exited(0), "\(answer.text)")
        #expect(answer.text.contains("The same exchange ends in the same way: \(ending)."), "\(answer.text)")
    }

    @Test func `with the ASA's configuration too, the scenario is its own, and says what was found`() throws {
        try withRunner { runner in
            try runner.addDaemon()
            let paths = try [Self.logs + "asa-gateway.log", "testing/asa-azure-rekey-pfs/asa.conf"].map {
                try #require(FolderFixture.beside($0))
            }
            let answer = try runner.run(["reproduce", "--no-run"] + paths)
            #expect(answer.status == .exited(0), "\(answer.text)")
            #expect(!answer.text.contains("run, on the wire"))
            let description = try runner.read("OUTPUT/asa-gateway/description.txt")
            #expect(description.contains("lacks `set pfs group19`"))
            #expect(description.contains("NOT KNOWN, and chosen here:"))
            let asa = try runner.read("OUTPUT/asa-gateway/asa.conf")
            #expect(asa.contains("protocol esp encryption aes-gcm\n") && !asa.contains("set pfs"))
            #expect(try runner.read("OUTPUT/asa-gateway/initiator.conf").contains("esp=aes_gcm_128;dh19\n"))
            #expect(
                try runner.read("OUTPUT/asa-gateway/reproduce.yaml").contains("ends: \"INVALID_KE_PAYLOAD 0000\""))
            // It is a scenario like any other.
            let scenario = try ScenarioFolder.load(runner.folder + "/OUTPUT/asa-gateway")
            #expect(scenario.hosts == ["initiator", "responder"] && scenario.steps.count == 9)
        }
    }

    @Test func `what cannot be had again is where the run departs, and that fails`() throws {
        try withRunner { runner in
            try runner.addDaemon()
            let path = try #require(FolderFixture.beside(Self.logs + "charon-noprop-east.log"))
            // No swand answers so.
            let text = try FileSystem.readText(path).replacing("N(NO_PROP)", with: "N(INVAL_MAJOR)")
            try FileSystem.write(runner.folder + "/forged.log", text)
            let answer = try runner.run("reproduce", runner.folder + "/forged.log")
            #expect(answer.status == .exited(1), "\(answer.text)")
            #expect(answer.text.contains("It departs first at IKE_SA_INIT"), "\(answer.text)")
            #expect(answer.text.contains("ended with INVALID_MAJOR_VERSION"), "\(answer.text)")
        }
    }

    @Test func `what says nothing is refused with its place`() throws {
        let answer = try reproduce(["Makefile"])
        #expect(answer.status == .exited(2))
        #expect(answer.text.contains("Makefile:1: not an input that is known: expected"))
    }

    @Test(
        .enabled(if: FolderFixture.beside("../shared/seeds") != nil, "the folder ../shared is not here"),
        arguments: [
            ("../shared/seeds/cisco-asa-azure-rekey.txt", "CREATE_CHILD_SA, INVALID_KE_PAYLOAD 0000"),
            ("../shared/seeds/cisco-ios-ikev2-psk-debugs.txt", "IKE_AUTH, accepted"),
            ("../shared/reference/vpp/s1-charon.log", "IKE_AUTH, accepted"),
        ])
    func `the documents, as they lie there`(path: String, ending: String) throws {
        let answer = try reproduce([path])
        #expect(answer.status == .exited(0), "\(answer.text)")
        #expect(answer.text.contains("The same exchange ends in the same way: \(ending)."), "\(answer.text)")
    }
}
