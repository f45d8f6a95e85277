import Interop
import LinuxSystem
import Scenario
import Testing
import UserMode

/// `swantest interop`: that it finds good what is good, and red what is not.
@Suite(
    .serialized, .enabled(if: RunnerProgram.hasDaemon, "swand is not built beside the tests"),
    .enabled(if: StrongSwanInstallation().refusal() == nil, "\(StrongSwanInstallation().refusal() ?? "")"))
struct MatrixTests {
    func run(_ cases: String..., kernel: String = "auto", dialect: String = "pluto") throws -> (
        status: ProcessID.Status, text: String, matrix: MatrixReport
    ) {
        try withRunner { runner in
            _ = try runner.copyShipped("ikev2-basic-psk-01")
            let answer = try runner.run(
                ["interop", "--kernel", kernel, "--dialect", dialect] + cases.flatMap { ["--case", $0] })
            let octets = try FileSystem.read("\(runner.folder)/OUTPUT/interop.json")
            let page = try FileSystem.readText("\(runner.folder)/OUTPUT/index.html")
            let matrix = try MatrixReport(json: octets)
            for cell in matrix.cells { #expect(page.contains("id=\"\(cell.name)\"")) }
            return (answer.status, answer.text, matrix)
        }
    }

    @Test func `a tunnel, a NAT, a rekey and a refusal are green in both roles`() throws {
        let (status, text, matrix) = try run("defaults", "nat-before-swand", "rekey-child-peer", "wrong-psk")
        #expect(status == .exited(0), "\(text)")
        #expect(matrix.cells.count == 7)
        #expect(matrix.cells.allSatisfy { $0.verdict == .green && $0.checks.allSatisfy { $0.isGood } })
    }

    @Test(
        .enabled(
            if: FileSystem.exists("/usr/lib/ipsec/plugins/libstrongswan-curl.so"),
            "libstrongswan-extra-plugins is not installed"))
    func `certificates by their URLs, and a post-quantum key behind EAP, are green in both roles`() throws {
        let (status, text, matrix) = try run("cert-url", "eap-ppk")
        #expect(status == .exited(0), "\(text)")
        #expect(matrix.cells.count == 4 && matrix.cells.allSatisfy { $0.verdict == .green })
    }

    @Test func `a VPP is green where it can do a case, and has its reason where it cannot`() throws {
        let (status, text, matrix) = try run(
            "esp-3des-sha256", "rekey-child-swand", "no-proposal", "ipv6", dialect: "vpp")
        #expect(status == .exited(0), "\(text)")
        #expect(matrix.cells.count == 8)
        for cell in matrix.cells {
            #expect(cell.verdict == (cell.test == "ipv6" ? .unsupported : .green), "\(cell)")
        }
    }

    @Test(arguments: ["control-wrong-psk", "control-wrong-selector", "control-wrong-spi", "control-wrong-algorithm"])
    func `what is wrong with a VPP is red`(name: String) throws {
        let (status, _, matrix) = try run(name, dialect: "vpp")
        let check = try #require(Self.controls.first { $0.0 == name }).1
        #expect(status == .exited(1) && matrix.cells.count == 2)
        for cell in matrix.cells {
            #expect(cell.verdict == .red && cell.checks.contains { $0.name == check && !$0.isGood }, "\(cell)")
        }
    }

    @Test func `every case of the matrix is one of VPP's, or has VPP's reason`() {
        #expect(VPPCases.all.map(\.name) == InteropCases.all.map(\.name))
        for test in VPPCases.all {
            if case .pluto = test.manner { #expect(test.beyond != nil, "\(test.name)") }
        }
    }

    /// What each control has to be found out by.
    static let controls = [
        ("control-wrong-key", "run"), ("control-wrong-psk", "run"),
        ("control-wrong-selector", "swand's selectors"), ("control-wrong-spi", "SPI to strongSwan"),
        ("control-no-spis", "IKE SPIs"),
        ("control-wrong-algorithm", "IKE algorithms"), ("control-refusal-that-comes-up", "refusal on the link"),
        ("control-limit-that-is-none", "strongSwan's own word"), ("control-limit-of-a-bad-run", "run"),
    ]

    @Test(arguments: controls) func `what is wrong is red`(name: String, check: String) throws {
        let (status, _, matrix) = try run(name)
        #expect(status == .exited(1))
        #expect(!matrix.cells.isEmpty)
        for cell in matrix.cells {
            #expect(cell.verdict == .red)
            #expect(cell.checks.contains { $0.name == check && !$0.isGood }, "\(cell.name): \(cell.checks)")
        }
    }

    @Test func `every control has its test`() {
        let tested = Set(Self.controls.map { $0.0 })
        #expect(Set(InteropCases.controls.map { $0.name }) == tested)
    }

    @Test(.enabled(if: UserModePackage.find() != nil, "user-mode-linux is not installed"))
    func `what strongSwan's own ESP cannot do, the kernel's can`() throws {
        let (status, text, matrix) = try run(
            "transport-kernel", "esn-kernel", "raw-esp-kernel", "transport-nat-before-swand-kernel",
            "transport-nat-before-peer-kernel", kernel: "uml")
        #expect(status == .exited(0), "\(text) \(matrix.cells.map(\.reason))")
        #expect(matrix.cells.count == 10 && matrix.cells.allSatisfy { $0.verdict == .green })
    }

    @Test func `what the peer cannot do is unsupported, with the reason, and never green`() throws {
        let (status, _, matrix) = try run("transport", "esn", "raw-esp")
        #expect(status == .exited(3))
        #expect(matrix.cells.allSatisfy { $0.verdict == .unsupported && $0.reason.contains("strongSwan: ") })
    }
}

/// `daemon: {kind: strongswan, prefix: PATH}`: a strongSwan that stands in a folder of its own.
@Suite(
    .enabled(if: RunnerProgram.hasDaemon, "swand is not built beside the tests"),
    .enabled(if: StrongSwanInstallation().refusal() == nil, "\(StrongSwanInstallation().refusal() ?? "")"))
struct StrongSwanPrefixTests {
    /// The files of Debian's packages, laid out as `make install` of a build with a prefix does it.
    private func install(at prefix: String) throws {
        let files = [
            ("/usr/lib/ipsec/charon", "libexec/ipsec/charon"), ("/usr/sbin/swanctl", "sbin/swanctl"),
            ("/usr/lib/ipsec/plugins", "lib/ipsec/plugins"),
        ]
        for (source, target) in files {
            try FileSystem.makeDirectories(FileSystem.parent(of: "\(prefix)/\(target)"))
            try FileSystem.copyTree(source, to: "\(prefix)/\(target)")
        }
    }

    @Test func `the daemon and the client of the prefix are those that run`() throws {
        try withRunner { runner in
            _ = try runner.copyShipped("ikev2-basic-psk-01")
            let prefix = "\(runner.folder)/strongswan"
            try install(at: prefix)
            let test = InteropCase("prefix", "a build of the user's own").with {
                $0.actions += [
                    .type(.peer, "readlink /proc/$(cat /run/charon.pid)/exe", ["\(prefix)/libexec/ipsec/charon"]),
                    .type(.peer, "command -v swanctl", ["\(prefix)/sbin/swanctl"]),
                ]
            }
            let cell = InteropCell(test, initiator: .swand)
            let folder = try CellScenario(cell).write(below: runner.folder, prefix: prefix)
            let answer = try runner.run("run", folder)
            #expect(answer.status == .exited(0), "\(answer.text)")
        }
    }
}

/// The list of cases itself.
struct InteropCaseTests {
    @Test func `there are at least 40 cases, each with a name of its own`() {
        let names = (InteropCases.all + InteropCases.controls).map(\.name)
        #expect(InteropCases.all.count >= 40)
        #expect(Set(names).count == names.count)
    }

    @Test func `charon's raw listing is read, its Child SAs one by one`() throws {
        let text = """
            list-sa event {gw {uniqueid=2 version=2 state=ESTABLISHED local-host=192.1.2.23 initiator-spi=59ecd26220012bfe \
            responder-spi=a9a009ec646ce4f2 encr-alg=AES_CBC encr-keysize=256 integ-alg=HMAC_SHA2_256_128 \
            prf-alg=PRF_HMAC_SHA2_256 dh-group=CURVE_25519 child-sas {net-1 {name=net state=DELETED spi-in=00000001} \
            net-2 {name=net uniqueid=2 state=INSTALLED spi-in=137e7d3d spi-out=3acefb30 encr-alg=AES_GCM_16 \
            encr-keysize=256 local-ts=[192.0.2.0/24 10.0.0.0/8] remote-ts=[192.0.1.0/24]}}}}
            list-sas reply {}
            """
        let sas = PeerSAs(swanctl: text)
        let ike = try #require(sas.ikes.first)
        #expect(sas.ikes.count == 1)
        #expect(ike.algorithms == "AES_CBC-256/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/CURVE_25519")
        #expect(ike.children.map(\.inbound) == ["137e7d3d"])
        #expect(ike.children[0].algorithms == "AES_GCM_16-256")
        #expect(PeerSAs(swanctl: "list-sas reply {}\n").ikes.isEmpty)
    }

    @Test func `a Child SA is read from a VPP's listing, whoever made it`() throws {
        let text = """
             iip 192.1.2.45 ispi 1 rip 192.1.2.23 rspi 2
               child sa 0:
                encr:aes-cbc-192 integ:sha1-96  esn:no
                spi(i) abc1234 spi(r) 63199535
                traffic selectors (i):
                 0 type 7 protocol_id 0 addr 192.0.1.0 - 192.0.1.255 port 0 - 65535
                traffic selectors (r):
                 0 type 7 protocol_id 0 addr 192.0.2.0 - 192.0.2.127 port 0 - 65535

            """
        let ours = try #require(ChildView(vpp: text, network: "192.0.1.0/24"))
        #expect((ours.inbound, ours.outbound) == ("0abc1234", "63199535"))
        #expect(ours.algorithms == "AES_CBC-192/HMAC_SHA1_96")
        #expect((ours.localSelectors, ours.remoteSelectors) == ("192.0.1.0/24", "192.0.2.0-192.0.2.127"))
        let theirs = try #require(ChildView(vpp: text, network: "192.0.2.0/25"))
        #expect((theirs.inbound, theirs.localSelectors) == ("63199535", "192.0.2.0-192.0.2.127"))
        #expect(ChildView(vpp: "", network: "192.0.1.0/24") == nil)
    }

    @Test func `swand's last Child SA is read from its log`() throws {
        let log = """
            "w" #2: initiator established Child SA using #1; IPsec tunnel [192.0.1.0/24===192.0.2.0/24] \
            {ESPinUDP=>0x137e7d3d <0x3acefb30 xfrm=AES_GCM_16_256-NONE NATD=192.1.2.23:4500 DPD=passive}
            "w" #3: initiator rekeyed Child SA #2 using #1; IPsec tunnel [192.0.1.0/24===192.0.2.0/24] \
            {ESP/ESN=>0x7d3d <0x0cefb30a xfrm=AES_CBC_128-HMAC_SHA1_96-DH19 DPD=passive}
            | "w" #4: established Child SA
            """
        let child = try #require(ChildView(log: log))
        #expect(child.outbound == "00007d3d" && child.inbound == "0cefb30a")
        #expect(child.algorithms == "AES_CBC-128/HMAC_SHA1_96")
        #expect(child.localSelectors == "192.0.1.0/24" && child.remoteSelectors == "192.0.2.0/24")
        #expect(ChildView(log: "\"w\" #1: initiator established IKE SA") == nil)
    }
}
