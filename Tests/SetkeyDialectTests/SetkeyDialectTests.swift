import DataPlane
import DialectKit
import IKECrypto
import IKEModel
import NetAddress
import Testing

@testable import SetkeyDialect

/// A setkey without a daemon: statements in; what it prints, and what the data plane is told.
private final class Host: DaemonView {
    let dialect = SetkeyDialect()
    var files: [String: [UInt8]] = [:]
    var carried: [ChildSAID: ChildCounters] = [:]
    /// Whether the data plane takes what it is told.
    var isWilling = true

    struct Answer {
        var text = ""
        var errors = ""
        var status: Int32 = -1
        var hasFailed = false
        var installed: [ChildInstallation] = []
        var removed: [ChildSAID] = []
    }

    func setkey(_ arguments: String...) -> Answer {
        var answer = Answer()
        let request = ClientRequest(arguments: ["setkey"] + arguments, workingDirectory: "/")
        for effect in dialect.accept(request, from: SessionID(1), self) {
            switch effect {
            case .write(_, let text): answer.text += text
            case .writeError(_, let text): answer.errors += text
            case .finish(_, let status): answer.status = status
            case .change(let change, let otherwise) where !isWilling:
                dialect.changeRefused(change)
                for case .writeError(_, let text) in otherwise { answer.errors += text }
                if otherwise.contains(where: { if case .fail = $0 { true } else { false } }) { answer.hasFailed = true }
            case .change(.install(let installation), _): answer.installed.append(installation)
            case .change(.remove(let child), _): answer.removed.append(child)
            default: Issue.record("\(effect)")
            }
        }
        return answer
    }

    var now: Instant { .zero }
    var wallClockMicroseconds: Int64 { 0 }
    var processID: Int32 { 1 }
    var connections: [ConnectionSnapshot] { [] }
    var ikeSAs: [IKESnapshot] { [] }
    var childSAs: [ChildFacts] { [] }
    var dataPlaneName: String { "user" }
    func counters(of child: ChildSAID) -> ChildCounters? { carried[child] }
    var saStates: [SAState] { [] }
    var policyStates: [PolicyState] { [] }
    var interfaceAddresses: [InterfaceAddress] { [] }
    var listeningPorts: [UInt16] { [] }
    func readFile(_ path: String) throws(FileFailure) -> [UInt8] {
        guard let octets = files[path] else { throw .missing }
        return octets
    }
    func glob(_ pattern: String) -> [String] { [] }
}

@Suite struct SetkeyDialectTests {
    private let host = Host()

    private static let cipherKey = "4a506a794f574265564551694d653768"
    private static let hashKey = "4339314b55523947594d6d3547666b45764e6a58"
    private static let there =
        "add 192.168.100.2 192.168.100.3 esp 0x000003e8 -E rijndael-cbc 0x\(cipherKey) -A hmac-sha1 0x\(hashKey);"
    private static let back =
        "add 192.168.100.3 192.168.100.2 esp 0x000003e9 -E rijndael-cbc 0x\(cipherKey) -A hmac-sha1 0x\(hashKey);"
    private static let out = "spdadd 192.168.100.2 192.168.100.3 any -P out ipsec esp/transport//require;"
    private static let into = "spdadd 192.168.100.3 192.168.100.2 any -P in ipsec esp/transport//require;"

    private static let page = """
        # Configuration for 192.168.100.2
        # Flush the SAD and SPD
        flush;
        spdflush;
        # ESP SAs
        \(there)
        \(back)
        # Security policies
        \(out)
        \(into)
        """

    @Test func `the page's file becomes one Child SA in transport mode, with its SPIs and keys`() throws {
        host.files["/etc/ipsec-tools.conf"] = Array(Self.page.utf8)
        let answer = host.setkey("-f", "/etc/ipsec-tools.conf")
        #expect(answer.status == 0 && answer.errors == "" && answer.removed.isEmpty)
        let child = try #require(answer.installed.first)
        #expect(answer.installed.count == 1 && child.mode == .transport && child.replayWindow == 0)
        #expect((child.outbound.spi.value, child.inbound.spi.value) == (1000, 1001))
        #expect((child.local.description, child.remote.description) == ("192.168.100.2", "192.168.100.3"))
        #expect(child.localSelectors.map(\.description) == ["192.168.100.2/32"])
        #expect(child.remoteSelectors.map(\.description) == ["192.168.100.3/32"])
        #expect(
            child.suite
                == ESPSuite(
                    cipher: CipherChoice(.aesCBC, keyBits: 128), integrity: .hmacSHA1_96,
                    extendedSequenceNumbers: false))
        #expect(child.inbound.encryptionKey.exposed == Array("JPjyOWBeVEQiMe7h".utf8))
        #expect(child.outbound.integrityKey.exposed == Array("C91KUR9GYMm5GfkEvNjX".utf8))
    }

    @Test func `what the data plane refuses is the result of its line, and is tried again once a part of it is new`() {
        host.isWilling = false
        let refused = host.setkey("-c", Self.page)
        #expect(refused.errors == "The result of line 10: Invalid argument.\n" && refused.hasFailed)
        let innocent = host.setkey("-c", "spdadd 10.9.0.1 10.9.0.2 any -P out ipsec esp/transport//require;")
        #expect(innocent.errors == "" && innocent.status == 0 && !innocent.hasFailed)
        host.isWilling = true
        #expect(host.setkey("-c", "spddelete 10.9.0.1 10.9.0.2 any -P out;").installed.isEmpty)
        #expect(host.setkey("-c", "spddelete 192.168.100.2 192.168.100.3 any -P out; \(Self.out)").installed.count == 1)
    }

    /// Every order of the four, by taking each in turn as the last.
    @Test(arguments: 0..<4)
    func `nothing is installed before both SAs and both policies stand`(_ last: Int) {
        var statements = [Self.there, Self.back, Self.out, Self.into]
        let held = statements.remove(at: last)
        #expect(host.setkey("-c", statements.joined(separator: "\n")).installed.isEmpty)
        #expect(host.setkey("-c", held).installed.count == 1)
    }

    @Test(arguments: [
        "delete 192.168.100.2 192.168.100.3 esp 1000;", "delete 192.168.100.3 192.168.100.2 esp 0x3e9;",
        "spddelete 192.168.100.2 192.168.100.3 any -P out;", "flush;", "spdflush;",
    ])
    func `what loses a part is taken away, once`(_ statement: String) throws {
        let child = try #require(host.setkey("-c", Self.page).installed.first).child
        #expect(host.setkey("-c", statement).removed == [child])
        #expect(host.setkey("-c", "flush; spdflush;").removed.isEmpty)
    }

    @Test func `in tunnel mode the selectors are the policy's, and the ends the tunnel's`() throws {
        let keys = "-m tunnel -r 4 -E aes-gcm-16 0x\(Self.hashKey)"
        let child = try #require(
            host.setkey(
                "-c",
                """
                add 2001:db8::1 2001:db8::2 esp 4096 \(keys);
                add 2001:db8::2 2001:db8::1 esp 4097 \(keys);
                spdadd 10.0.0.0/24[any] 10.0.1.0/24[80] tcp -P out ipsec esp/tunnel/2001:db8::1-2001:db8::2/require;
                spdadd 10.0.1.0/24[80] 10.0.0.0/24[any] tcp -P in ipsec esp/tunnel/2001:db8::2-2001:db8::1/require;
                """
            ).installed.first)
        #expect(child.mode == .tunnel && child.remote == IPAddress("2001:db8::2") && child.replayWindow == 32)
        #expect(child.localSelectors.map(\.description) == ["10.0.0.0/24:6/0"])
        #expect(child.remoteSelectors.map(\.description) == ["10.0.1.0/24:6/80"])
        #expect(child.suite.cipher == CipherChoice(.aesGCM16, keyBits: 128) && child.suite.integrity == .none)
    }

    @Test(arguments: [
        ("flush", "line 1: syntax error at []\nparse failed, line 1.\n"),
        ("flush;\nbogus;", "line 2: syntax error at [bogus]\nparse failed, line 2.\n"),
        (
            "add 10.0.0.1 10.0.0.2 esp 255 -E null -A hmac-sha1 0x\(hashKey);",
            "line 1: syntax error at [255]\nparse failed, line 1.\n"
        ),
        (
            "add 10.0.0.1 2001:db8::1 esp 256 -E null;",
            "line 1: syntax error at [2001:db8::1]\nparse failed, line 1.\n"
        ),
        (
            "add 10.0.0.1 10.0.0.2 esp 256 -E blowfish-cbc 0x00;",
            "line 1: unsupported algorithm at [blowfish-cbc]\nparse failed, line 1.\n"
        ),
        (
            "add 10.0.0.1 10.0.0.2 esp 256 -E aes-cbc 0x00 -A hmac-sha1 0x\(hashKey);",
            "line 1: invalid key length at [0x00]\nparse failed, line 1.\n"
        ),
        (
            "add 10.0.0.1 10.0.0.2 esp 256 -E aes-cbc 0x\(cipherKey) -A hmac-sha1 0x00;",
            "line 1: invalid key length at [0x00]\nparse failed, line 1.\n"
        ),
        (
            "add 10.0.0.1 10.0.0.2 esp 256 -E aes-cbc 0x\(cipherKey);",
            "line 1: syntax error at [;]\nparse failed, line 1.\n"
        ),
        (
            "spdadd 10.0.0.1 10.0.0.2 any -P out ipsec ah/transport//require;",
            "line 1: syntax error at [ah/transport//require]\nparse failed, line 1.\n"
        ),
        ("delete 10.0.0.1 10.0.0.2 esp 256;", "The result of line 1: No such process.\n"),
        ("spddelete 10.0.0.1 10.0.0.2 any -P in;", "The result of line 1: No such file or directory.\n"),
        ("flush;\n\(there) \(there)", "The result of line 2: File exists.\n"),
        ("\(out)\n\(out)", "The result of line 2: File exists.\n"),
    ])
    func `a statement that is none, or cannot be, says its line`(_ text: String, _ error: String) {
        let answer = host.setkey("-c", text)
        #expect(answer.errors == error && answer.status == 1)
    }

    @Test func `a file that is not there is named`() {
        #expect(host.setkey("-f", "/no").errors == "setkey: can't open /no: No such file or directory\n")
    }

    @Test func `what stands is listed, with what the data plane has counted`() throws {
        #expect(host.setkey("-D").text == "No SAD entries.\n" && host.setkey("-DP").text == "No SPD entries.\n")
        let child = try #require(host.setkey("-c", Self.page).installed.first).child
        var counters = ChildCounters()
        (counters.outboundPackets, counters.outboundOctets, counters.inboundPackets, counters.inboundOctets) =
            (2, 168, 1, 84)
        host.carried[child] = counters
        #expect(
            host.setkey("-D").text == """
                192.168.100.2 192.168.100.3 
                \tesp mode=transport spi=1000(0x000003e8) reqid=1(0x00000001)
                \tE: aes-cbc  4a506a79 4f574265 56455169 4d653768
                \tA: hmac-sha1  4339314b 55523947 594d6d35 47666b45 764e6a58
                \treplay=0 flags=0x00000000 state=mature 
                \tcurrent: 168(bytes)\tallocated: 2
                192.168.100.3 192.168.100.2 
                \tesp mode=transport spi=1001(0x000003e9) reqid=1(0x00000001)
                \tE: aes-cbc  4a506a79 4f574265 56455169 4d653768
                \tA: hmac-sha1  4339314b 55523947 594d6d35 47666b45 764e6a58
                \treplay=0 flags=0x00000000 state=mature 
                \tcurrent: 84(bytes)\tallocated: 1

                """)
        #expect(
            host.setkey("-DP").text == """
                192.168.100.2/32[any] 192.168.100.3/32[any] any
                \tout ipsec
                \tesp/transport//require
                192.168.100.3/32[any] 192.168.100.2/32[any] any
                \tin ipsec
                \tesp/transport//require

                """)
    }
}
