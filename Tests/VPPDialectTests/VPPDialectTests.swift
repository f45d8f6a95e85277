import IKECrypto
import IKEModel
import IKEWire
import NetAddress
import Testing
import VPPForwarder

@testable import VPPDialect

@Suite struct VPPDialectTests {
    private let console = Console()

    /// What the console of a real VPP showed for the page's profile commands.
    @Test(arguments: [
        ("ikev2 profile add profile1", "ikev2 profile: policy profile1 already exists\n"),
        (
            "ikev2 profile set profile1 auth rsa-sig cert-file /no/cert.pem",
            "ikev2 profile: load cert '/no/cert.pem' failed\n"
        ),
        ("set ikev2 local key /no/key.pem", "set ikev2 local key: load key '/no/key.pem' failed\n"),
        (
            "ikev2 profile set profile1 id remote ipv4 192.168.123.20",
            "ikev2 profile: parse error: 'set profile1 id remote ipv4 19...'\n"
        ),
        (
            "ikev2 profile set profile1 id local der-asn1-dn 0x3011",
            "ikev2 profile: unsupported identity type der-asn1-dn\n"
        ),
        (
            "ikev2 profile set profile1 ike-crypto-alg aes-ctr 256 ike-integ-alg sha1-96 ike-dh modp-2048",
            "ikev2 profile: AES-CTR is not supported for IKE SAs\n"
        ),
        (
            "ikev2 profile set profile1 ike-crypto-alg aes-gcm-16 256 ike-integ-alg sha1-96 ike-dh modp-2048",
            "ikev2 profile: invalid cipher + integrity algorithm\n"
        ),
        ("ikev2 profile set profile1 bogus", "ikev2 profile: parse error: 'set profile1 bogus'\n"),
        ("ikev2 profile set nosuch udp-encap", "ikev2 profile: unknown profile nosuch\n"),
        ("ikev2 initiate sa-init nosuch", "ikev2 initiate: unknown profile nosuch\n"),
        ("ikev2 initiate del-sa 1234", "ikev2 initiate: IKE SA not found\n"),
        ("ikev2 initiate del-child-sa 1234", "ikev2 initiate: Child SA not found\n"),
        ("ikev2 initiate rekey-child-sa 1234", "ikev2 initiate: Child SA not found\n"),
        ("ikev2 profile del nosuch", "ikev2 profile: policy nosuch does not exists\n"),
        ("show ipsec backends", "show ipsec: unknown input `backends'\n"),
        ("bogus", "unknown input `bogus'\n"),
    ])
    func `a command that is refused says so in VPP's words`(_ line: String, _ answer: String) {
        #expect(console.type("ikev2 profile add profile1") == "")
        #expect(console.type(line) == answer)
    }

    private func configure(_ lines: String, program: String = "vppctl") {
        for line in lines.split(separator: "\n") {
            let answer = console.type(String(line), program: program)
            #expect(answer == "", "\(line)")
        }
    }

    private static let profile = """
        ikev2 profile add pr1
        ikev2 profile set pr1 auth shared-key-mic string Vpp123
        ikev2 profile set pr1 id local fqdn vpp.home
        ikev2 profile set pr1 id remote fqdn roadwarrior.vpn.example.com
        ikev2 profile set pr1 traffic-selector local ip-range 192.168.5.0 - 192.168.5.255 port-range 0 - 65535 protocol 0
        ikev2 profile set pr1 traffic-selector remote ip-range 192.168.3.0 - 192.168.3.255 port-range 0 - 65535 protocol 0
        """

    private static let binaryProfile = """
        ikev2_profile_add_del name pr1
        ikev2_profile_set_auth name pr1 auth_method shared-key-mic auth_data Vpp123
        ikev2_profile_set_id name pr1 id_type fqdn id_data vpp.home local
        ikev2_profile_set_id name pr1 id_type fqdn id_data roadwarrior.vpn.example.com remote
        ikev2_profile_set_ts name pr1 protocol 0 start_port 0 end_port 65535 start_addr 192.168.5.0 end_addr 192.168.5.255 local
        ikev2_profile_set_ts name pr1 protocol 0 start_port 0 end_port 65535 start_addr 192.168.3.0 end_addr 192.168.3.255 remote
        """

    private static let listed = """
        profile pr1
          auth-method shared-key-mic auth data Vpp123
          local id-type fqdn data vpp.home
          remote id-type fqdn data roadwarrior.vpn.example.com
          local traffic-selector addr 192.168.5.0 - 192.168.5.255 port 0 - 65535 protocol 0
          remote traffic-selector addr 192.168.3.0 - 192.168.3.255 port 0 - 65535 protocol 0

        """

    @Test func `the page's profile is listed as on the page, and the engine has it once it is whole`() throws {
        configure(Self.profile)
        #expect(console.type("show ikev2 profile") == Self.listed)
        #expect(console.connections.count == 1)
        let made = try #require(console.connections.first)
        #expect(made.local.selectors.map(\.description) == ["192.168.5.0/24"])
        #expect(!made.narrowing && !made.rekeys && made.remote.host == .any(.v4))
    }

    @Test func `VAT's commands make the same profile`() {
        configure(Self.binaryProfile, program: "vpp_api_test")
        #expect(console.type("show ikev2 profile") == Self.listed)
    }

    @Test func `an initiator's profile offers what it names`() throws {
        #expect(console.type("create host-interface name wan") == "host-wan\n")
        configure("set interface state host-wan up\nset interface ip address host-wan 192.168.4.2/24")
        configure(Self.profile)
        configure(
            """
            ikev2 profile set pr1 responder host-wan 192.168.4.1
            ikev2 profile set pr1 ike-crypto-alg aes-cbc 256 ike-integ-alg sha1-96 ike-dh modp-2048
            ikev2 profile set pr1 esp-crypto-alg aes-cbc 256 esp-integ-alg sha1-96 esp-dh ecp-256
            ikev2 profile set pr1 sa-lifetime 3600 10 5 0
            ikev2 initiate sa-init pr1
            """)
        let made = try #require(console.connections.last)
        #expect(made.local.host == .address(IPAddress("192.168.4.2")!))
        #expect(
            made.ikeProposals == [
                IKEProposal(
                    encryption: [CipherChoice(.aesCBC, keyBits: 256)], prf: [.hmacSHA1], integrity: [.hmacSHA1_96],
                    keyExchange: [.modp2048])
            ])
        #expect(made.espProposals.first?.extendedSequenceNumbers == [true, false] && made.rekeys)
        guard case .initiate(let id, _)? = console.commands.last else {
            Issue.record("nothing was initiated")
            return
        }
        #expect(id == made.id)
        let text = console.type("show ikev2 profile")
        #expect(text.contains("  responder host-wan 192.168.4.1 \n"))
        #expect(text.contains("  ike-crypto-alg aes-cbc 256 ike-integ-alg sha1-96 ike-dh modp-2048\n"))
        #expect(text.contains("  lifetime 3600 jitter 10 handover 5 maxdata 0\n"))
    }

    @Test(arguments: [
        ("ip4-addr 192.168.123.20", IdentificationType.ipv4Address, [192, 168, 123, 20] as [UInt8]),
        ("fqdn vpp.home", .fqdn, Array("vpp.home".utf8)),
        ("rfc822 vpp@vvp.home", .rfc822Address, Array("vpp@vvp.home".utf8)),
        ("key-id 0xabcd", .keyID, [0xab, 0xcd]),
    ])
    func `each type of identity of the page goes to the engine`(
        _ text: String, _ type: IdentificationType, _ data: [UInt8]
    ) {
        configure(Self.profile)
        configure("ikev2 profile set pr1 id local \(text)")
        #expect(console.connections.last?.local.identification == Identification(type: type, data: data))
    }

    @Test func `the page's manual SAs and policies are listed as on the page`() {
        #expect(console.type("create host-interface name eth3") == "host-eth3\n")
        configure(Self.manual)
        let text = console.type("show ipsec")
        let key = "4a506a794f574265564551694d653768"
        let integrity = "4339314b55523947594d6d3547666b45764e6a58"
        #expect(
            text.hasPrefix(
                "sa 10 spi 1001 mode transport protocol esp\n  crypto alg aes-cbc-128 key \(key) "
                    + "integrity alg sha1-96 key \(integrity)\nsa 20 spi 1000"))
        #expect(
            text.contains(
                """
                  priority 10 action protect protocol any sa 10
                   local addr range 192.168.100.3 - 192.168.100.3 port range 0 - 65535
                   remte addr range 192.168.100.2 - 192.168.100.2 port range 0 - 65535
                   packets 0 bytes 0

                """))
        #expect(
            text.contains(
                "   remote addr range :: - ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff port range 0 - 65535\n"))
    }

    private static let manual = """
        set int ip address host-eth3 192.168.100.3/24
        set int state host-eth3 up
        set ip arp host-eth3 192.168.100.2 08:00:27:12:3c:cc
        ipsec sa add 10 spi 1001 esp crypto-alg aes-cbc-128 crypto-key 4a506a794f574265564551694d653768 integ-alg sha1-96 integ-key 4339314b55523947594d6d3547666b45764e6a58
        ipsec sa add 20 spi 1000 esp crypto-alg aes-cbc-128 crypto-key 4a506a794f574265564551694d653768 integ-alg sha1-96 integ-key 4339314b55523947594d6d3547666b45764e6a58
        ipsec spd add 1
        set interface ipsec spd host-eth3 1
        ipsec policy add spd 1 priority 100 inbound action bypass protocol 50
        ipsec policy add spd 1 priority 100 outbound action bypass protocol 50
        ipsec policy add spd 1 priority 10 inbound action protect sa 20 local-ip-range 192.168.100.3 - 192.168.100.3 remote-ip-range 192.168.100.2 - 192.168.100.2
        ipsec policy add spd 1 priority 10 outbound action protect sa 10 local-ip-range 192.168.100.3 - 192.168.100.3 remote-ip-range 192.168.100.2 - 192.168.100.2
        """

    private static let binaryManual = """
        sw_interface_add_del_address sw_if_index 1 192.168.100.3/24
        sw_interface_set_flags sw_if_index 1 admin-up
        ip_neighbor_add_del sw_if_index 1 dst 192.168.100.2 mac 08:00:27:12:3c:cc
        ipsec_sad_add_del_entry esp sad_id 10 spi 1001 crypto_alg aes-cbc-128 crypto_key 4a506a794f574265564551694d653768 integ_alg sha1-96 integ_key 4339314b55523947594d6d3547666b45764e6a58
        ipsec_sad_add_del_entry esp sad_id 20 spi 1000 crypto_alg aes-cbc-128 crypto_key 4a506a794f574265564551694d653768 integ_alg sha1-96 integ_key 4339314b55523947594d6d3547666b45764e6a58
        ipsec_spd_add_del spd_id 1
        ipsec_interface_add_del_spd sw_if_index 1 spd_id 1
        ipsec_spd_add_del_entry spd_id 1 priority 100 inbound action bypass protocol 50
        ipsec_spd_add_del_entry spd_id 1 priority 100 outbound action bypass protocol 50
        ipsec_spd_add_del_entry spd_id 1 priority 10 inbound action protectsa_id 20 laddr_start 192.168.100.3 laddr_stop 192.168.100.3 raddr_start 192.168.100.2 raddr_stop 192.168.100.2
        ipsec_spd_add_del_entry spd_id 1 priority 10 outbound action protectsa_id 10 laddr_start 192.168.100.3 laddr_stop 192.168.100.3 raddr_start 192.168.100.2 raddr_stop 192.168.100.2
        """

    @Test func `VAT's commands make the same SAs, policies and interface`() {
        let other = Console()
        other.type("create host-interface name eth3")
        for line in Self.manual.split(separator: "\n") { other.type(String(line)) }
        console.type("create host-interface name eth3")
        configure(Self.binaryManual, program: "vpp_api_test")
        for listing in ["show ipsec", "show interface address", "show ip arp"] {
            #expect(console.type(listing) == other.type(listing))
        }
        #expect(console.type("show ip arp").contains("08:00:27:12:3c:cc"))
    }

    @Test func `keys are changed, by either form`() {
        console.type("create host-interface name eth3")
        configure(Self.manual)
        let key = String(repeating: "ab", count: 16)
        configure("set ipsec sa 10 crypto-key \(key) integ-key \(String(repeating: "cd", count: 20))")
        #expect(console.type("show ipsec sa 10").contains(key))
        configure(
            "ipsec_sa_set_key sa_id 10 crypto_key \(String(repeating: "12", count: 16))", program: "vpp_api_test")
        #expect(console.type("show ipsec sa 10").contains(String(repeating: "12", count: 16)))
    }

    @Test func `the page's slips get an error, or are taken as they are meant`() {
        console.type("create host-interface name lan0")
        #expect(console.type("set interface lan0 up") == "set interface: unknown input `lan0 up'\n")
        let key = "4a506a794f574265564551694d653768"
        #expect(
            console.type(
                "ipsec sa add 10 spi 1000 esp crypto-key \(key) crypto-alg aes-cbc-128 integ-key \(key) sha1-96")
                == "ipsec sa: parse error: 'add 10 spi 1000 esp crypto-key...'\n")
        // A MAC's key of 16 octets is a key.
        configure(
            "ipsec sa add 10 spi 1000 esp crypto-key \(key) crypto-alg aes-cbc-128 integ-key \(key) integ-alg sha1-96")
    }

    @Test func `an interface is listed in VPP's columns`() {
        #expect(console.type("loopback create") == "loop0\n")
        configure("set int state loop0 up")
        #expect(
            console.type("show interface")
                == "              Name               Idx       State          Counter          Count     \n"
                + "local0                            0        down      \n"
                + "loop0                             1         up       \n")
    }

    @Test func `a question mark shows the commands that begin so, and their help`() {
        let text = console.type("ikev2 ?")
        #expect(text.hasPrefix("  ikev2 initiate                           ikev2 initiate sa-init <profile id>\n"))
        #expect(!text.contains("ping"))
        #expect(console.type("set ikev2 ?").contains("set ikev2 local key <file>\n"))
    }

    @Test func `every command has a row of its own and a line of help`() {
        let names = CommandTable.rows.map(\.name)
        #expect(Set(names).count == names.count && names.count > 30)
        #expect(CommandTable.rows.allSatisfy { !$0.help.isEmpty })
    }
}
