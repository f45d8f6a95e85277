import IKECrypto
import IKEModel
import IKEWire
import NetAddress
import PlutoDialect
import Testing

struct SecretsFileTests {
    private func parse(_ text: String) throws(ConfigurationError) -> SecretsFile {
        try SecretsFile(parsing: "/etc/ipsec.secrets", from: FakeFiles.source(["/etc/ipsec.secrets": text]))
    }

    private func key(_ text: String, _ ours: String, _ theirs: String) throws -> String? {
        let keys = try parse(text).keys
        let address = IPAddress("192.0.2.1")!
        return keys.key(
            of: .thisEnd, local: Identification(plutoText: ours)!, remote: Identification(plutoText: theirs),
            localAddress: address,
            remoteAddress: IPAddress("192.0.2.2")!
        ).map { String(decoding: $0.exposed, as: UTF8.self) }
    }

    @Test(arguments: [
        ("@west @east : PSK \"text\"", "text"), ("@west @east: PSK 'text'", "text"), (": PSK \"text\"", "text"),
        ("@west @east : PSK 0x74657874", "text"), ("@west @east : PSK 0sdGV4dA==", "text"),
        ("@west @east : PSK 0sdGV4dA", "text"), ("192.0.2.1 192.0.2.2 : PSK \"text\"", "text"),
        ("@west\n\t@east :\n\tPSK \"text\" # comment", "text"), ("%any : PSK \"text\"", "text"),
    ])
    func `a shared key in each of its forms`(_ text: String, _ expected: String) throws {
        #expect(try key(text, "@west", "@east") == expected)
    }

    @Test func `other kinds are passed over, and the best fit wins`() throws {
        let text = """
            : RSA {
            \tModulus: 0x03
            \t}
            @west @east : PPKS "A" "secret"
            : PSK "anybody"
            @west @east : PSK "these two"
            """
        #expect(try parse(text).keys.entries.count == 2)
        #expect(try key(text, "@west", "@east") == "these two")
        #expect(try key(text, "@west", "@north") == "anybody")
    }

    @Test func `includes, and a file that is not there`() throws {
        let files = ["/etc/ipsec.secrets": "include ipsec.d/*.secrets\n", "/etc/ipsec.d/a.secrets": ": PSK \"a\"\n"]
        let read = try SecretsFile(parsing: "/etc/ipsec.secrets", from: FakeFiles.source(files))
        #expect(read.files == ["/etc/ipsec.secrets", "/etc/ipsec.d/a.secrets"])
        #expect(read.keys.entries.count == 1)
        #expect(try SecretsFile(parsing: "/none", from: FakeFiles.source([:])).files.isEmpty)
    }

    @Test(arguments: [
        ("\n@west @east PSK \"x\"", 2, "expecting a ':'"), (": PSK \"x", 1, "unterminated"),
        (": PSK", 1, "exactly one value"), (": PSK text", 1, "malformed"), (": PSK 0x123", 1, "malformed"),
        (": PSK 0s*", 1, "malformed"), (": PSK \"\"", 1, "empty"), (": FOO 1", 1, "unrecognized key format: FOO"),
        ("\t: PSK \"x\"", 1, "indented"), (":", 1, "behind the ':'"),
    ])
    func `a mistake is told with file and line, and without the secret`(_ text: String, _ line: Int, _ part: String) {
        let error = #expect(throws: ConfigurationError.self) { try parse(text) }
        #expect(error?.line == line)
        #expect(error?.message.contains(part) ?? false, "\(String(describing: error))")
    }
}
