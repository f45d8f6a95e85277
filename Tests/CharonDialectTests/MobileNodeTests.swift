import CharonDialect
import DialectKit
import IKECrypto
import IKEModel
import NetAddress
import TestPKI
import Testing

/// What 4.2.9 logged on the mobile node of strongSwan's page on Mobile IPv6, in the page's order: our log of the same
/// exchanges, with the page's ipsec.conf.
@Suite struct MobileNodeTests {
    /// Of the home agent: the page shows the mobile node alone.
    private static let homeAgent = """
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
            leftsubnet=2001:1::1/128
            rightprotoport=135/0
            leftprotoport=135/0
            type=transport_proxy
            auto=add

        conn tunnel
            also=home
            leftsubnet=::/0
            auto=add

        conn home
            left=2001:1::1
            leftcert=moonCert.pem
            leftid=@moon.strongswan.org
            rightsubnet=2001:1::10/128
            right=%any
            rightid=carol@strongswan.org
            ike=aes128-sha1-modp2048!
            esp=aes128-sha1-modp2048!

        """

    private func hosts() throws -> CarolAndMoon {
        let pki = try CertificatePKI()
        var carol = try pki.files("carol", configuration: ConfigurationTests.mobileNode, list: try pki.list())
        var moon = try pki.files("moon", configuration: Self.homeAgent, list: try pki.list())
        // Everything is reached through eth0.
        let zero = String(repeating: "0", count: 32)
        let route = "\(zero) 00 \(zero) 00 fe80\(zero.dropFirst(4)) 00000400 00000001 00000000 00000003 eth0\n"
        for (path, text) in ["/etc/strongswan.conf": "", "/proc/net/ipv6_route": route] {
            carol[path] = text
            moon[path] = text
        }
        return CarolAndMoon(
            carol: carol, moon: moon, version: .v4_2_9, addresses: ("2001::41a:a8ff:fe6f:c67", "2001:1::1"))
    }

    /// Without the syslog's time, host and program, and with SPIs and times that differ from run to run left out.
    private func lines(_ host: SimulatedCharon) -> [String] {
        host.log.map { line in
            String(line[line.index(line.firstRange(of: "charon: ")!.lowerBound, offsetBy: 8)...].dropFirst(2))
                .replacing(#/SPIs? [0-9a-f]{8}(_i [0-9a-f]{8}_o)?/#) { "SPI" + ($0.1 == nil ? "" : "s") }
                .replacing(#/(in|lifetime) [0-9]+s/#) { "\($0.1) Ns" }
                .replacing(#/until .*/#, with: "until TIME")
        }
    }

    private static let start = """
        [DMN] starting charon (strongSwan Version 4.2.9)
        [CFG] loading ca certificates from '/etc/ipsec.d/cacerts'
        [LIB]   loaded certificate file '/etc/ipsec.d/cacerts/strongswanCert.pem'
        [CFG] loading aa certificates from '/etc/ipsec.d/aacerts'
        [CFG] loading ocsp signer certificates from '/etc/ipsec.d/ocspcerts'
        [CFG] loading attribute certificates from '/etc/ipsec.d/acerts'
        [CFG] loading crls from '/etc/ipsec.d/crls'
        [LIB]   loaded crl file '/etc/ipsec.d/crls/strongswan.crl'
        [CFG] loading secrets from '/etc/ipsec.secrets'
        [CFG]   loaded private key file '/etc/ipsec.d/private/carolKey.pem'
        [DMN] loaded plugins: curl aes des sha1 sha2 md5 gmp random x509 pubkey hmac xcbc stroke kernel-netlink
        [KNL] listening on interfaces:
        [KNL]   eth0
        [KNL]     2001::41a:a8ff:fe6f:c67
        [JOB] spawning 16 worker threads
        [CFG] crl caching to /etc/ipsec.d/crls enabled
        [CFG] received stroke: add connection 'mh'
        [KNL] getting interface name for 2001:1::1
        [KNL] 2001:1::1 is not a local address
        [KNL] getting interface name for %any
        [KNL] %any is not a local address
        [CFG] left nor right host is our side, assuming left=local
        [LIB]   loaded certificate file '/etc/ipsec.d/certs/carolCert.pem'
        [CFG] added configuration 'mh': %any[carol@strongswan.org]...2001:1::1[moon.strongswan.org]
        [CFG] received stroke: route 'mh'
        [KNL] getting address to reach 2001:1::1
        [CHD] my address: 2001::41a:a8ff:fe6f:c67 is a transport mode proxy for 2001:1::10
        [IKE] CHILD_SA routed
        [CFG] received stroke: add connection 'tunnel'
        """

    private static let exchanges = """
        [IKE] initiating IKE_SA mh[1] to 2001:1::1
        [ENC] generating IKE_SA_INIT request 0 [ SA KE No N(NATD_S_IP) N(NATD_D_IP) ]
        [NET] sending packet: from 2001::41a:a8ff:fe6f:c67[500] to 2001:1::1[500]
        [NET] received packet: from 2001:1::1[500] to 2001::41a:a8ff:fe6f:c67[500]
        [ENC] parsed IKE_SA_INIT response 0 [ SA KE No N(NATD_S_IP) N(NATD_D_IP) CERTREQ ]
        [IKE] received cert request for "C=CH, O=Linux strongSwan, CN=strongSwan Root CA"
        [IKE] sending cert request for "C=CH, O=Linux strongSwan, CN=strongSwan Root CA"
        [IKE] authentication of 'carol@strongswan.org' (myself) with RSA signature successful
        [IKE] sending end entity cert "C=CH, O=Linux strongSwan, OU=Research, CN=carol@strongswan.org"
        [IKE] establishing CHILD_SA mh{1}
        [CHD] my address: 2001::41a:a8ff:fe6f:c67 is a transport mode proxy for 2001:1::10
        [KNL] getting SPI for reqid {1}
        [KNL] got SPI for reqid {1}
        [ENC] generating IKE_AUTH request 1 [ IDi CERT CERTREQ IDr AUTH N(USE_TRANSP) SA TSi TSr ]
        [NET] sending packet: from 2001::41a:a8ff:fe6f:c67[500] to 2001:1::1[500]
        [NET] received packet: from 2001:1::1[500] to 2001::41a:a8ff:fe6f:c67[500]
        [ENC] parsed IKE_AUTH response 1 [ IDr CERT AUTH N(USE_TRANSP) SA TSi TSr ]
        [IKE] received end entity cert "C=CH, O=Linux strongSwan, CN=moon.strongswan.org"
        [CFG]   using certificate "C=CH, O=Linux strongSwan, CN=moon.strongswan.org"
        [CFG]   using trusted ca certificate "C=CH, O=Linux strongSwan, CN=strongSwan Root CA"
        [CFG] checking certificate status of "C=CH, O=Linux strongSwan, CN=moon.strongswan.org"
        [CFG]   using trusted certificate "C=CH, O=Linux strongSwan, CN=strongSwan Root CA"
        [CFG]   crl correctly signed by "C=CH, O=Linux strongSwan, CN=strongSwan Root CA"
        [CFG]   crl is valid: until TIME
        [CFG]   using cached crl
        [CFG] certificate status is good
        [IKE] authentication of 'moon.strongswan.org' with RSA signature successful
        [IKE] scheduling rekeying in Ns
        [IKE] maximum IKE_SA lifetime Ns
        [IKE] IKE_SA mh[1] established between 2001::41a:a8ff:fe6f:c67[carol@strongswan.org]...2001:1::1[moon.strongswan.org]
        [KNL] adding SAD entry with SPI and reqid {1}
        [KNL]   using encryption algorithm AES_CBC with key size 128
        [KNL]   using integrity algorithm HMAC_SHA1_96 with key size 160
        [KNL] adding SAD entry with SPI and reqid {1}
        [KNL]   using encryption algorithm AES_CBC with key size 128
        [KNL]   using integrity algorithm HMAC_SHA1_96 with key size 160
        [IKE] CHILD_SA mh{1} established with SPIs and TS 2001:1::10/128[135] === 2001:1::1/128[135]
        [IKE] establishing CHILD_SA tunnel{2}
        [KNL] getting SPI for reqid {2}
        [KNL] got SPI for reqid {2}
        [ENC] generating CREATE_CHILD_SA request 2 [ SA No KE TSi TSr ]
        [NET] sending packet: from 2001::41a:a8ff:fe6f:c67[500] to 2001:1::1[500]
        [NET] received packet: from 2001:1::1[500] to 2001::41a:a8ff:fe6f:c67[500]
        [ENC] parsed CREATE_CHILD_SA response 2 [ SA No KE TSi TSr ]
        [KNL] adding SAD entry with SPI and reqid {2}
        [KNL]   using encryption algorithm AES_CBC with key size 128
        [KNL]   using integrity algorithm HMAC_SHA1_96 with key size 160
        [KNL] adding SAD entry with SPI and reqid {2}
        [KNL]   using encryption algorithm AES_CBC with key size 128
        [KNL]   using integrity algorithm HMAC_SHA1_96 with key size 160
        [IKE] CHILD_SA tunnel{2} established with SPIs and TS 2001:1::10/128 === ::/0
        """

    @Test func `the start is told as the page has it`() throws {
        let ours = lines(try hosts().carol)
        for (line, expected) in zip(ours, Self.start.split(separator: "\n")) { #expect(line == expected) }
        #expect(ours.contains("[CFG] added child to existing configuration 'mh'"))
    }

    @Test func `IKE_SA_INIT, IKE_AUTH and CREATE_CHILD_SA are told as the page has them`() throws {
        let hosts = try hosts()
        _ = hosts.run("ipsec up mh", on: hosts.carol)
        _ = hosts.run("ipsec up tunnel", on: hosts.carol)
        let ours = lines(hosts.carol).drop { !$0.hasPrefix("[IKE] initiating") }.filter { !$0.contains("stroke") }
        for (line, expected) in zip(ours, Self.exchanges.split(separator: "\n")) {
            guard line == expected else {
                Issue.record("\(line)\ninstead of\n\(expected)")
                return
            }
        }
        #expect(ours.count == Self.exchanges.split(separator: "\n").count)
    }

    @Test func `interfaces and addresses that come and go are told of as on the page`() throws {
        let carol = try hosts().carol
        func told(_ addresses: [(String, String)]) -> [String] {
            let before = carol.log.count
            carol.changeAddresses(
                addresses.map { InterfaceAddress(interface: $0.0, address: IPAddress($0.1)!) })
            return Array(lines(carol).dropFirst(before))
        }
        let eth0 = ("eth0", "2001::41a:a8ff:fe6f:c67")
        // A link-local address is not told of, but its interface is up.
        #expect(told([eth0, ("ip6tnl1", "fe80::1")]) == ["[KNL] interface ip6tnl1 activated"])
        let tunnel = ("ip6tnl1", "2001:1::10")
        #expect(told([eth0, tunnel]) == ["[KNL] 2001:1::10 appeared on ip6tnl1"])
        #expect(told([eth0, tunnel]).isEmpty)
        #expect(told([eth0, ("eth0", "2001::50"), tunnel]) == ["[KNL] 2001::50 appeared on eth0"])
        #expect(
            told([("eth0", "2001::50"), tunnel]) == ["[KNL] 2001::41a:a8ff:fe6f:c67 disappeared from eth0"])
        #expect(
            told([("eth0", "2001::50")]) == [
                "[KNL] interface ip6tnl1 deactivated", "[KNL] 2001:1::10 disappeared from ip6tnl1",
            ])
    }

    @Test func `behind a change the way to each peer of our own is looked up, once`() throws {
        let hosts = try hosts()
        _ = hosts.run("ipsec up mh", on: hosts.carol)
        func told(_ host: SimulatedCharon, _ own: String, _ delay: Duration) -> [String] {
            let before = host.log.count
            for others in [["2001::50"], ["2001::50", "2001::51"]] {
                host.changeAddresses(([own] + others).map { interface("eth0", $0) })
            }
            let due = host.dialectWake
            #expect(due == host.view.now + .milliseconds(100))
            hosts.wait(delay)
            host.wakeDialect()
            #expect((host.dialectWake == nil) == (delay >= .milliseconds(100)))
            return Array(lines(host).dropFirst(before + 2))
        }
        #expect(told(hosts.carol, "2001::41a:a8ff:fe6f:c67", .milliseconds(99)).isEmpty)
        hosts.wait(.milliseconds(1))
        hosts.carol.wakeDialect()
        #expect(lines(hosts.carol).last == "[KNL] getting address to reach 2001:1::1")
        #expect(hosts.carol.view.sought.last == IPAddress("2001:1::1")!)
        // A responder waits for its peer to move.
        #expect(told(hosts.moon, "2001:1::1", .milliseconds(100)).isEmpty)
    }

    @Test(arguments: [("xfrm", true), ("user", false)])
    func `an acquire is told with the kernel's message, where there is one, and the packet's ends`(
        _ plane: String, _ isMessage: Bool
    ) throws {
        let carol = try hosts().carol
        carol.view.dataPlaneName = plane
        let message = ["[KNL] received a XFRM_MSG_ACQUIRE", "[KNL]   XFRMA_TMPL", "[KNL]   XFRMA_POLICY_TYPE"]
        func told(_ name: String, _ ipProtocol: UInt8, _ type: UInt16) throws -> [String] {
            let before = carol.log.count
            let connection = try #require(carol.view.connections.first { $0.connection.name == name }).connection.id
            let packet = AcquiringPacket(
                source: IPAddress("2001:1::10")!, destination: IPAddress("2001:1::1")!, ipProtocol: ipProtocol,
                sourcePort: type)
            carol.tell(.dataPlane(.acquire(connection, packet)))
            return Array(lines(carol).dropFirst(before).prefix(isMessage ? 4 : 1))
        }
        #expect(
            try told("mh", 135, 5) == (isMessage ? message : []) + [
                "[KNL] creating acquire job for policy 2001:1::10/128[135/5] === 2001:1::1/128[135] with reqid {1}"
            ])
        #expect(
            try told("tunnel", 58, 146) == (isMessage ? message : []) + [
                "[KNL] creating acquire job for policy 2001:1::10/128[ipv6-icmp/146] === 2001:1::1/128[ipv6-icmp] with reqid {2}"
            ])
    }

    @Test func `statusall has the page's lines, with the traps of both connections`() throws {
        let hosts = try hosts()
        _ = hosts.run("ipsec up mh", on: hosts.carol)
        _ = hosts.run("ipsec up tunnel", on: hosts.carol)
        let text = hosts.run("ipsec statusall", on: hosts.carol)
            .replacing(#/[0-9a-f]{8}_i [0-9a-f]{8}_o/#, with: "SPIs").replacing(#/[0-9a-f]{16}_/#, with: "SPI_")
            .replacing(#/in [0-9]+ (minutes|hours)/#, with: "in TIME").replacing(#/,? last use: .*/#, with: "")
        let shown = text.split(separator: "\n").drop { $0 != "Connections:" }.map(String.init)
        #expect(
            shown == [
                "Connections:", "          mh:  %any[carol@strongswan.org]...2001:1::1[moon.strongswan.org]",
                "          mh:    CAs: \"C=CH, O=Linux strongSwan, CN=strongSwan Root CA\"...%any",
                "          mh:   public key authentication",
                "          mh:   2001:1::10/128[135] === 2001:1::1/128[135]",
                "      tunnel:   2001:1::10/128 === ::/0", "Security Associations:",
                "          mh[1]: ESTABLISHED, 2001::41a:a8ff:fe6f:c67[carol@strongswan.org]...2001:1::1[moon.strongswan.org]",
                "          mh[1]: IKE SPIs: SPI_i* SPI_r, rekeying in TIME",
                "          mh[1]: IKE proposal: AES_CBC-128/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_2048_BIT",
                "          mh{1}:  ROUTED, TRANSPORT_PROXY",
                "          mh{1}:   2001:1::10/128[135] === 2001:1::1/128[135]",
                "      tunnel{2}:  ROUTED, TUNNEL", "      tunnel{2}:   2001:1::10/128 === ::/0",
                "          mh{1}:  INSTALLED, TRANSPORT_PROXY, ESP SPIs: SPIs",
                "          mh{1}:  AES_CBC-128/HMAC_SHA1_96, rekeying in TIME",
                "          mh{1}:   2001:1::10/128[135] === 2001:1::1/128[135]",
                "      tunnel{2}:  INSTALLED, TUNNEL, ESP SPIs: SPIs",
                "      tunnel{2}:  AES_CBC-128/HMAC_SHA1_96, rekeying in TIME",
                "      tunnel{2}:   2001:1::10/128 === ::/0",
            ])
    }
}
