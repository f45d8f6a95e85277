import LinuxSystem
import Scenario
import Testing
import UserMode

@testable import Interop

/// `swantest interop --peer libreswan`: what it reads and writes, without libreswan.
struct LibreswanCellTests {
    /// Of a real one: release 4.10, AES-GCM, IPv4 and IPv6.
    static let listing = """
        000 "w": 192.0.2.0/24===192.1.2.23[@east]...192.1.2.45[@west]===192.0.1.0/24; erouted; eroute owner: #5
        000 "w":   newest IKE SA: #4; newest IPsec SA: #5; conn serial: $1;
        000 #4: "w":500 STATE_V2_ESTABLISHED_IKE_SA (established IKE SA); REKEY in 28529s; newest; idle;
        000 #5: "w":500 STATE_V2_ESTABLISHED_CHILD_SA (established Child SA); newest; eroute owner; IKE SA #4; idle;
        000 #5: "w" esp.d7606fe2@192.1.2.45 esp.3f65372@192.1.2.23 tun.0@192.1.2.45 tun.0@192.1.2.23 Traffic: ESPin=0B
        | entry state hash_table_entries.ike_spis@0x552 "w" #1: 14 73 c7 a9  09 43 97 8b  00 00 00 00  00 00 00 00 added to
        "w" #1: sent IKE_AUTH request {cipher=AES_GCM_16_256 integ=n/a prf=HMAC_SHA2_512 group=DH19}
        "w" #4: responder rekeyed IKE SA #1 {cipher=AES_CBC_128 integ=HMAC_SHA2_256_128 prf=HMAC_SHA2_256 group=MODP2048}
        | entry state hash_table_entries.ike_spis@0x552 "w" #4: 9a 00 d1 8c  83 bd c1 0a  70 b5 bf 61  96 93 e1 a8 added to
        | entry state hash_table_entries.ike_spis@0x552 "w" #4: 6f 6e 54 79  83 9d 0b 6a  4a 52 50 06  31 e1 d2 cc added to
        src 192.1.2.45 dst 192.1.2.23
        \tproto esp spi 0x03f65372 reqid 16389 mode tunnel
        \treplay-window 0 flag af-unspec esn
        \taead rfc4106(gcm(aes)) 0x005bfc63700b191428b0f5ef685de330c8e7c734ecb6bf49e928fae1a8cacc0f755d5362 128
        src 192.1.2.23 dst 192.1.2.45
        \tproto esp spi 0xd7606fe2 reqid 16389 mode tunnel
        \taead rfc4106(gcm(aes)) 0x34eebdcfe59b4661c27ad63f896de60f70b721b8201f99e5d667ebf4b9df454861a7a491 128
        src 192.0.2.0/24 dst 192.0.1.0/24
        \tdir out priority 1757393 ptype main
        \ttmpl src 192.1.2.23 dst 192.1.2.45
        \t\tproto esp reqid 16389 mode tunnel
        src 192.0.1.0/24 dst 192.0.2.0/24
        \tdir in priority 1757393 ptype main
        \ttmpl src 192.1.2.45 dst 192.1.2.23
        \t\tproto esp reqid 16389 mode tunnel

        """

    @Test func `pluto's listing, its log and the kernel's states are read as one`() throws {
        let sas = PeerSAs(Self.listing, of: .libreswan)
        #expect(sas.ikes.count == 1)
        let ike = try #require(sas.ikes.first)
        #expect(ike.isEstablished && ike.state == "ESTABLISHED_IKE_SA")
        // After a rekey the newest line of the state counts.
        #expect((ike.initiatorSPI, ike.responderSPI) == ("6f6e5479839d0b6a", "4a52500631e1d2cc"))
        #expect(ike.algorithms == "AES_CBC-128/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/MODP_2048")
        #expect(
            ike.children == [
                ChildView(
                    outbound: "d7606fe2", inbound: "03f65372", algorithms: "AES_GCM_16-256",
                    localSelectors: "192.0.2.0/24", remoteSelectors: "192.0.1.0/24")
            ])
    }

    @Test(arguments: [
        ("3DES_CBC_192", "3DES_CBC"), ("CHACHA20_POLY1305_256", "CHACHA20_POLY1305"), ("AES_CTR_256", "AES_CTR-256"),
    ])
    func `a cipher of one length is named without it`(word: String, name: String) {
        let text = Self.listing.replacing("cipher=AES_CBC_128", with: "cipher=\(word)")
        let algorithms = PeerSAs(text, of: .libreswan).ikes.first?.algorithms
        #expect(algorithms == "\(name)/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/MODP_2048")
    }

    @Test func `a Child SA that the kernel has not is none, whatever pluto says`() {
        for missing in ["0xd7606fe2", "0x03f65372"] {
            let text = Self.listing.replacing(missing, with: "0x00000bad")
            #expect(PeerSAs(text, of: .libreswan).ikes.first?.children == [])
        }
        let other = Self.listing.replacing("esp.d7606fe2", with: "esp.00000bad")
        #expect(PeerSAs(other, of: .libreswan).ikes.first?.children == [])
    }

    @Test func `addresses of IPv6 are written with colons before them`() {
        let text = Self.listing.replacing("esp.d7606fe2@192.1.2.45", with: "esp:d7606fe2@2001:db8:1:2::45")
            .replacing("esp.3f65372@192.1.2.23", with: "esp:3f65372@2001:db8:1:2::23")
        #expect(PeerSAs(text, of: .libreswan).ikes.first?.children.count == 1)
    }

    @Test(arguments: [
        (
            "enc cbc(aes) 0x00112233445566778899aabbccddeeff", "auth-trunc hmac(sha256) 0x00 128",
            "AES_CBC-128/HMAC_SHA2_256_128"
        ),
        ("enc cbc(des3_ede) 0x00", "auth-trunc hmac(sha1) 0x00 96", "3DES_CBC/HMAC_SHA1_96"),
        ("enc ecb(cipher_null)", "auth-trunc hmac(sha512) 0x00 256", "NULL/HMAC_SHA2_512_256"),
        (
            "enc rfc3686(ctr(aes)) 0x00112233445566778899aabbccddeeff00112233", "auth-trunc xcbc(aes) 0x00 96",
            "AES_CTR-128/AES_XCBC_96"
        ),
        ("aead rfc4309(ccm(aes)) 0x00112233445566778899aabbccddeeff001122 64", "", "AES_CCM_8-128"),
        ("aead rfc7539esp(chacha20,poly1305) 0x00 128", "", "CHACHA20_POLY1305"),
    ])
    func `the kernel's algorithms are named as the matrix names them`(cipher: String, integrity: String, name: String)
        throws
    {
        // The kernel lists integrity first.
        let state = "\treplay-window 32\n\t\(integrity)\n\t\(cipher)\n"
        let text =
            "src 192.0.2.1 dst 192.0.2.2\n\tproto esp spi 0x00000001 reqid 1 mode transport\n\(state)"
            + "src 192.0.2.2 dst 192.0.2.1\n\tproto esp spi 0x00000002 reqid 1 mode transport\n\(state)"
            + "src 192.0.2.1 dst 2001:db8::1\n\tdir out priority 1\n\ttmpl src 0.0.0.0 dst 0.0.0.0\n\t\tproto esp reqid 1 mode transport\n"
        let child = try #require(KernelChildSAs(text).child(outbound: "00000001", inbound: "00000002"))
        #expect(child.algorithms == name)
        #expect((child.localSelectors, child.remoteSelectors) == ("192.0.2.1/32", "2001:db8::1/128"))
        // Two directions of one Child SA have the same.
        let odd = text.replacing(
            "spi 0x00000002 reqid 1 mode transport\n", with: "spi 0x00000002 reqid 1\n\tenc other 0x00\n")
        #expect(KernelChildSAs(odd).child(outbound: "00000001", inbound: "00000002") == nil)
    }

    private func files(_ test: InteropCase, initiator: InteropSide) throws -> [String: String] {
        try withTemporaryFolder { folder in
            let written = try CellScenario(InteropCell(test, initiator: initiator)).write(below: folder)
            return try Dictionary(
                uniqueKeysWithValues: FileSystem.list(written).map { ($0, try FileSystem.readText("\(written)/\($0)")) }
            )
        }
    }

    private func test(_ name: String) throws -> InteropCase {
        try #require(LibreswanCases.all.first { $0.name == name })
    }

    @Test func `a case is written in libreswan's words at its end`() throws {
        let files = try files(test("ike-aes128-sha256"), initiator: .peer)
        let settings = try #require(files["scenario.yaml"])
        #expect(settings.contains("daemon: {west: swand, east: libreswan}"))
        #expect(settings.contains("requires: [xfrm-esp]"))
        let theirs = try #require(files["east.conf"])
        for line in [
            "left=192.1.2.23", "leftid=@east.example.com", "ike=aes128-sha2_256;dh31", "esp=aes_gcm256",
            "authby=secret",
        ] {
            #expect(theirs.contains("\t\(line)\n"), "\(line)")
        }
        #expect(files["east.secrets"]?.contains("PSK \"0123456789abcdefABCDEF\"") ?? false)
        #expect(files.values.contains { $0.hasPrefix("ipsec up w >OUTPUT/peer.up.txt") })
        #expect(!files.values.contains { $0.contains("swanctl") })
    }

    @Test func `certificates go into libreswan's database, and an address comes from its pool`() throws {
        let certified = try files(test("cert-ecdsa"), initiator: .swand)
        #expect(certified["east.conf"]?.contains("\tleftcert=east\n") ?? false)
        #expect(certified.values.contains { $0.hasPrefix("pk12util -i OUTPUT/pki/east.p12") })
        let lent = try files(test("address-from-peer"), initiator: .swand)
        #expect(lent["east.conf"]?.contains("\trightaddresspool=192.3.1.0/28\n") ?? false)
    }

    @Test func `every case is libreswan's, none types at strongSwan, and each limit has its reason`() throws {
        let names = LibreswanCases.all.map(\.name)
        #expect(Set(names).count == names.count && names.count > 100)
        for test in LibreswanCases.all + LibreswanCases.controls {
            #expect(test.peer == .libreswan && test.needsKernelESP, "\(test.name)")
            #expect(!test.about.contains("strongSwan"), "\(test.name)")
            #expect(test.beyond.map { $0.hasPrefix("libreswan 4.10 ") } ?? true, "\(test.name)")
            if test.beyond != nil { continue }
            for initiator in test.initiators {
                for (name, text) in try files(test, initiator: initiator) {
                    #expect(!text.contains("swanctl") && !text.contains("charon"), "\(test.name) \(name)")
                }
            }
        }
    }
}

extension LibreswanCellTests {
    @Test func `a limit is believed where pluto's own log has the line of its role`() throws {
        let limited = try test("transport-nat-before-swand")
        guard case .unsupported(let says, let asInitiator?) = limited.expectation else {
            Issue.record("\(limited.expectation)")
            return
        }
        try withTemporaryFolder { folder in
            for (initiator, line) in [(InteropSide.swand, says), (.peer, asInitiator)] {
                let cell = InteropCell(limited, initiator: initiator)
                var result = ScenarioResult(name: cell.name, verdict: .passed)
                result.output = folder
                try FileSystem.write("\(folder)/\(cell.peer.host).pluto.log", "\"w\" #2: \(line)\n")
                #expect(CellReport(cell, result: result).verdict == .unsupported)
                let other = InteropCell(limited, initiator: initiator.other)
                #expect(CellReport(other, result: result).verdict == .red)
                // Nor where what is typed beside the attempt printed something else, or the run did not end.
                for verdict in [Verdict.failed, .unresolved] {
                    result.verdict = verdict
                    #expect(CellReport(cell, result: result).verdict == .red)
                }
            }
        }
    }
}

/// The same with a real libreswan, where it is installed or was fetched.
@Suite(
    .serialized, .enabled(if: RunnerProgram.hasDaemon, "swand is not built beside the tests"),
    .enabled(if: LibreswanInstallation().refusal == nil, "\(LibreswanInstallation().refusal ?? "")"),
    .enabled(
        if: UserModePackage.find() != nil || MachineFeature.xfrmESP.refusal() == nil, "user-mode-linux is not installed"
    ))
struct LibreswanMatrixTests {
    private func run(_ cases: String...) throws -> (status: ProcessID.Status, text: String, matrix: MatrixReport) {
        try withRunner { runner in
            _ = try runner.copyShipped("ikev2-basic-psk-01")
            let answer = try runner.run(
                ["interop", "--peer", "libreswan", "--jobs", "1"] + cases.flatMap { ["--case", $0] })
            let matrix = try MatrixReport(json: FileSystem.read("\(runner.folder)/OUTPUT/interop.json"))
            return (answer.status, answer.text, matrix)
        }
    }

    @Test func `a rekey is green in both roles, and an SPI that is not the other end's is red`() throws {
        let (status, text, matrix) = try run("rekey-child-peer", "control-wrong-spi", "control-no-spis")
        #expect(status == .exited(1), "\(text)")
        #expect(matrix.cells.count == 6)
        for cell in matrix.cells where cell.test == "rekey-child-peer" {
            #expect(cell.verdict == .green, "\(cell.name): \(cell.reason)")
        }
        for cell in matrix.cells where cell.test == "control-wrong-spi" {
            #expect(cell.verdict == .red && cell.reason.hasPrefix("libreswan's view"), "\(cell.name): \(cell.reason)")
        }
        for cell in matrix.cells where cell.test == "control-no-spis" {
            #expect(cell.verdict == .red && cell.reason.hasPrefix("IKE SPIs"), "\(cell.name): \(cell.reason)")
        }
    }
}
