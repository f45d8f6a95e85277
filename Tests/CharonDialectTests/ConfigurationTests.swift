import CharonDialect
import DialectKit
import NetAddress
import Testing

@Suite struct ConfigurationTests {
    private func source(_ files: [String: String]) -> ConfigurationSource {
        ConfigurationSource(
            readFile: { (path) throws(FileFailure) in try FakeFiles.read(path, in: files) },
            glob: { FakeFiles.glob($0, in: Array(files.keys)) })
    }

    private func connections(_ text: String) throws -> StarterConnections {
        StarterConnections(try StarterFile(parsing: "/etc/ipsec.conf", from: source(["/etc/ipsec.conf": text])))
    }

    /// The mobile node's file of the seed document, with its line breaks put back.
    static let mobileNode = """
        config setup
            crlcheckinterval=180
            plutostart=no
            charondebug="knl 2"

        conn %default
            keyexchange=ikev2
            reauth=no
            mobike=no
            installpolicy=no

        conn mh
            also=home
            rightsubnet=2001:1::1/128
            leftprotoport=135/0
            rightprotoport=135/0
            type=transport_proxy
            auto=route

        conn tunnel
            also=home
            rightsubnet=::/0
            auto=route

        conn home
            leftcert=carolCert.pem
            leftid=carol@strongswan.org
            leftsubnet=2001:1::10/128
            right=2001:1::1
            rightid=moon.strongswan.org
            ike=aes128-sha1-modp2048!
            esp=aes128-sha1-modp2048!

        """

    @Test func `the Mobile IPv6 document's ipsec.conf means what it says`() throws {
        let read = try connections(Self.mobileNode)
        #expect(read.complaints == [])
        #expect(read.definitions.map(\.name) == ["mh", "tunnel"])
        let mobility = try #require(read.definitions.first)
        #expect(mobility.mode == .transportProxy && mobility.start == .route)
        #expect(!mobility.reauthenticates && !mobility.mobility && !mobility.installsPolicies)
        #expect(mobility.local.ipProtocol == 135 && mobility.local.port == 0)
        #expect(mobility.local.certificates == ["carolCert.pem"])
        #expect(mobility.remote.host == "2001:1::1" && mobility.local.host == "%any")
        #expect(mobility.remote.selectors.first?.prefix?.description == "2001:1::1/128")
        #expect(read.definitions[1].mode == .tunnel)
    }

    @Test func `a certificate that cannot be read is told, and its connection added without it`() {
        let host = SimulatedCharon(
            seed: 1, address: "2001::41a:a8ff:fe6f:c67", files: ["/etc/ipsec.conf": Self.mobileNode])
        #expect(host.log.contains { $0.hasSuffix("[CFG]   loading certificate from 'carolCert.pem' failed") })
        #expect(host.log.contains { $0.hasSuffix("[CFG] added configuration 'mh'") })
    }

    @Test(arguments: [
        ("conn a\n\tfoo=1\n\tauto=add\n", "/etc/ipsec.conf:2: # unknown keyword 'foo'"),
        ("conn a\n\tleftfoo=1\n\tauto=add\n", "/etc/ipsec.conf:2: # unknown keyword 'leftfoo'"),
        ("config setup\n\n\tnonsense=yes\n", "/etc/ipsec.conf:3: # unknown keyword 'nonsense'"),
        (
            "conn a\n\tauto=add\n\tike=aes512-sha1-modp2048!\n",
            "/etc/ipsec.conf:3: # bad value: ike=aes512-sha1-modp2048!"
        ),
        ("conn a\n\tauto=add\n\talso=nobody\n", "/etc/ipsec.conf:3: section 'nobody' referenced by 'also=' not found"),
        ("conn a\n\tauto=add\n\tikelifetime=soon\n", "/etc/ipsec.conf:3: # bad value: ikelifetime=soon"),
    ]) func `what means nothing is told with its place, and its connection left out`(
        _ text: String, _ complaint: String
    ) throws {
        let read = try connections(text)
        #expect(read.complaints.first == complaint)
        #expect(read.complaints.last == "### 1 parsing error (0 fatal) ###")
        #expect(read.definitions == [])
    }

    @Test(arguments: [
        ("connections {\n a {\n", "unexpected end of file"), ("}\n", "/etc/swanctl/swanctl.conf:1: syntax error"),
        ("connections { a { local_addrs 1.2.3.4\n } }\n", "expecting { or ="),
        ("secrets {\n ike { secret = \"abc\n } }", "unterminated string"),
    ]) func `a swanctl.conf that is none says where`(_ text: String, _ reason: String) {
        #expect {
            try SettingsTree(parsing: "/etc/swanctl/swanctl.conf", from: source(["/etc/swanctl/swanctl.conf": text]))
        } throws: {
            "\($0)".contains(reason)
        }
    }

    @Test func `a section takes over what it does not say itself`() throws {
        let text = """
            connections {
               gw { version = 2
                  proposals = aes256-sha1-modp2048   # a comment
                  children { net { local_ts = 10.3.0.0/24, 10.4.0.0/24
                        esp_proposals = aes192-sha1 } } }
               gcm : connections.gw {
                  proposals = aes256gcm16-prfsha256-curve25519
                  children { gcm-net : connections.gw.children.net { esp_proposals = aes256gcm16 } }
               }
            }
            """
        let tree = try SettingsTree(parsing: "/c", from: source(["/c": text]))
        let gcm = try #require(tree.section(at: "connections.gcm"))
        #expect(gcm.text("version") == "2" && gcm.text("proposals") == "aes256gcm16-prfsha256-curve25519")
        let child = try #require(gcm.section(at: "children.gcm-net"))
        #expect(child.text("local_ts") == "10.3.0.0/24,10.4.0.0/24" && child.text("esp_proposals") == "aes256gcm16")
    }

    @Test func `sections that name each other end, and so do files that include each other`() throws {
        let circle = "a : b { x = 1 }\nb : a { y = 2 }\n"
        let tree = try SettingsTree(parsing: "/c", from: source(["/c": circle]))
        #expect(tree.section(named: "a")?.text("y") == "2")
        #expect(throws: ConfigurationError.self) {
            try SettingsTree(parsing: "/c", from: source(["/c": "include /c\n"]))
        }
    }

    @Test func `a swanctl.conf with a key that charon does not know is refused with its place`() throws {
        let host = SimulatedCharon(
            seed: 1, address: "192.168.0.100",
            files: [
                "/etc/swanctl/swanctl.conf":
                    "connections {\n gw {\n  remote_addrs = 192.168.0.1\n  colour = red\n  children { n { } }\n }\n}\n"
            ])
        let session = host.type("swanctl --load-conns")
        #expect(host.output[session]?.contains("/etc/swanctl/swanctl.conf:4: unknown option: colour") == true)
        #expect(host.statuses[session] == 1)
    }
}
