import CaptureFile
import IKECrypto
import IKEModel
import IKEWire
import NetAddress
import Recordings
import TestPKI
import Testing

@testable import VPPDialect
@testable import VPPForwarder

/// What real VPPs and a real strongSwan sent, to our VPP in the place of one of them. Their Diffie-Hellman secrets are not
/// known, so that an exchange goes as far as the key exchange and no farther.
@Suite(.enabled(if: Recording.areThere, Comment(rawValue: Recording.absent)))
struct RealVPPTests {
    private let responder = SimulatedVPP(seed: 1)
    private let initiator = SimulatedVPP(seed: 2)

    /// Of a host: its place between the networks, and the page's profile.
    private func place(_ host: SimulatedVPP, wan: String, own: Int, peer: Int, local: String, remote: String) {
        #expect(
            host.type(
                lines: """
                    create host-interface name wan
                    set interface state host-wan up
                    set interface ip address host-wan \(wan)/24
                    create loopback interface
                    set interface state loop0 up
                    set interface ip address loop0 192.168.\(own).1/24
                    ikev2 profile add pr1
                    ikev2 profile set pr1 auth shared-key-mic string Vpp123
                    ikev2 profile set pr1 id local fqdn \(local)
                    ikev2 profile set pr1 id remote fqdn \(remote)
                    ikev2 profile set pr1 traffic-selector local ip-range 192.168.\(own).0 - 192.168.\(own).255 port-range 0 - 65535 protocol 0
                    ikev2 profile set pr1 traffic-selector remote ip-range 192.168.\(peer).0 - 192.168.\(peer).255 port-range 0 - 65535 protocol 0
                    """) == "host-wan\nloop0\n")
    }

    private static func transforms(_ message: Message) -> Set<Transform> {
        for case .securityAssociation(let proposals) in message.payloads {
            return Set(proposals.flatMap(\.transforms))
        }
        return []
    }

    /// The datagrams of a recording as our host would get them.
    private func tell(_ host: SimulatedVPP, _ datagram: Recording.Datagram, from: String, to: String) {
        host.tell(
            .datagram(
                Datagram(
                    local: Endpoint(IPAddress(to)!, port: 500), remote: Endpoint(IPAddress(from)!, port: 500),
                    octets: datagram.octets)))
    }

    @Test(arguments: [
        (Recording.vppResponder, "192.168.4.1", "192.168.4.2", 5, 3, "vpp.home", "roadwarrior.vpn.example.com"),
        (.vppBoth, "192.168.4.2", "192.168.4.1", 3, 5, "roadwarrior.vpn.example.com", "vpp.home"),
    ])
    func `a real initiator's first message gets the answer that the real VPP gave it`(
        _ recording: Recording, _ from: String, _ to: String, _ own: Int, _ peer: Int, _ local: String,
        _ remote: String
    ) throws {
        place(responder, wan: to, own: own, peer: peer, local: local, remote: remote)
        let recorded = try recording.datagrams()
        tell(responder, recorded[0], from: from, to: to)
        #expect(responder.sent.count == 1)
        let (ours, theirs) = (
            try Message(parsing: try #require(responder.sent.first).octets), try Message(parsing: recorded[1].octets)
        )
        #expect(ours.payloads.map(\.type) == theirs.payloads.map(\.type))
        #expect(Self.transforms(ours) == Self.transforms(theirs) && Self.transforms(ours).count == 4)
        #expect(ours.encoded().count == theirs.encoded().count)
        #expect(ours.header.initiatorSPI == theirs.header.initiatorSPI)
        #expect(responder.ikeSAs.count == 1)
        // Its keys are not ours: what comes under them is dropped, and the SA goes on waiting.
        tell(responder, recorded[2], from: from, to: to)
        #expect(responder.sent.count == 1 && responder.childSAs.isEmpty)
    }

    @Test func `our initiator's first message is a real VPP's, but for the PRF`() throws {
        place(
            initiator, wan: "192.168.4.2", own: 5, peer: 3, local: "vpp.home", remote: "roadwarrior.vpn.example.com")
        initiator.type(
            lines: """
                ikev2 profile set pr1 responder host-wan 192.168.4.1
                ikev2 profile set pr1 ike-crypto-alg aes-cbc 256 ike-integ-alg sha1-96 ike-dh modp-2048
                ikev2 profile set pr1 esp-crypto-alg aes-cbc 256 esp-integ-alg sha1-96 esp-dh ecp-256
                ikev2 initiate sa-init pr1
                """)
        let ours = try Message(parsing: try #require(initiator.sent.first).octets)
        let theirs = try Message(parsing: try Recording.vppBoth.datagrams()[0].octets)
        #expect(ours.payloads.map(\.type) == theirs.payloads.map(\.type))
        #expect(ours.encoded().count == theirs.encoded().count)
        let differing = Self.transforms(ours).symmetricDifference(Self.transforms(theirs))
        #expect(differing.map(\.type) == [.prf, .prf])
    }

    /// Our forwarder in the initiator's place, with the keys that its console showed.
    @Test func `a real VPP's ESP is opened by our forwarder, and its pings are answered`() throws {
        let text = try Recording.text("vpp/s3-vpp-initiator.txt")
        func keys(_ name: String) throws -> [SecretBytes] {
            let child = try #require(text.ranges(of: "child sa 0").first).upperBound
            let start = try #require(text[child...].firstRange(of: name)).upperBound
            return text[start...].split(whereSeparator: { " \n:".contains($0) }).filter { $0.count > 30 }.prefix(2).map
            {
                SecretBytes([UInt8](hex: $0))
            }
        }
        let (encryption, integrity) = (try keys("SK_e"), try keys("SK_a"))
        place(initiator, wan: "192.168.4.2", own: 5, peer: 3, local: "vpp.home", remote: "x")
        let forwarder = initiator.forwarder
        try forwarder.install(
            ChildInstallation(
                child: ChildSAID(1), connection: ConnectionID(1), reqid: 1, mode: .tunnel,
                local: IPAddress("192.168.4.2")!, remote: IPAddress("192.168.4.1")!, encapsulation: .none,
                suite: ESPSuite(
                    cipher: CipherChoice(.aesCBC, keyBits: 256), integrity: .hmacSHA1_96,
                    extendedSequenceNumbers: true),
                inbound: ESPDirection(
                    spi: ESPSPI(0x49aa_a77d), encryptionKey: encryption[1], integrityKey: integrity[1]),
                outbound: ESPDirection(
                    spi: ESPSPI(0x637c_2db0), encryptionKey: encryption[0], integrityKey: integrity[0]),
                localSelectors: [], remoteSelectors: [], replayWindow: 64))
        initiator.type(lines: "set interface state ipsec0 up\nip route add 192.168.3.0/24 via ipsec0")
        initiator.type("set ip arp host-wan 192.168.4.1 02:fe:65:2f:d7:36")
        var answered: [Int] = []
        forwarder.transmit = { _, frame in answered.append(frame.count) }
        let packets = try Recording.vppBoth.espPackets()
        for packet in packets where packet.prefix(4).elementsEqual([0x49, 0xaa, 0xa7, 0x7d]) {
            // An Ethernet and an IPv4 header before it, as it came.
            let header = PacketBuilder.header(
                50, from: IPAddress("192.168.4.1")!, to: IPAddress("192.168.4.2")!, payloadLength: packet.count)
            let mac = try #require(forwarder.interface(named: "host-wan")?.mac)
            forwarder.receive(
                mac.octets + [2, 0xfe, 0x65, 0x2f, 0xd7, 0x36, 8, 0] + header + packet, on: 1, at: .zero)
        }
        // Five pings of 116 octets; its answers were as long as ours: 182 octets with Ethernet.
        #expect(answered == [182, 182, 182, 182, 182])
        #expect(forwarder.value(of: .echoReplies) == 5)
        #expect(initiator.type("show ipsec tunnel interfaces").contains(" seq 5 seq-hi 0 esn 1 "))
    }
}

/// The RSA row of the page's table of authentication methods.
@Suite struct PageSignatureTests {
    @Test(arguments: [false, true])
    func `authentication method 1 is an RSA signature, and another certificate's is refused`(_ isWrong: Bool) throws {
        let pair = VPPPair()
        #expect(pair.configure(.init()) == "")
        let names = ["server", "client", "other"]
        var authorities: [TestAuthority] = []
        for name in names {
            authorities.append(try TestAuthority("CN=\(name)", key: PrivateKey.generateRSA(bits: 2048)))
        }
        for (host, own, peer) in [(pair.responder, 0, isWrong ? 2 : 1), (pair.initiator, 1, 0)] {
            host.files = [
                "/key.pem": Array(PEM.text("PRIVATE KEY", try authorities[own].key.exported().exposed).utf8),
                "/cert.pem": Array(PEM.text("CERTIFICATE", authorities[peer].certificate.der).utf8),
            ]
            #expect(
                host.type(lines: "ikev2 profile set pr1 auth rsa-sig cert-file /cert.pem\nset ikev2 local key /key.pem")
                    == "")
        }
        pair.run("ikev2 initiate sa-init pr1")
        let methods = try pair.messages().flatMap(\.inner).compactMap { payload in
            if case .authentication(let one) = payload { one.method.rawValue } else { nil }
        }
        if isWrong {
            #expect(methods == [1] && pair.responder.childSAs.isEmpty && pair.initiator.childSAs.isEmpty)
            for host in [pair.responder, pair.initiator] {
                #expect(host.type("show logging").contains("SA state changed to AUTH_FAILED\n"))
                #expect(host.type("show ikev2 sa") == "")
            }
        } else {
            #expect(methods == [1, 1] && pair.pings())
        }
    }
}
