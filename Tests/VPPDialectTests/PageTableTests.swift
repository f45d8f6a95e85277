import IKECrypto
import IKEModel
import IKEWire
import NetAddress
import Testing
import VPPForwarder

@testable import VPPDialect

/// Each row of the tables of VPP's page, negotiated by two VPPs or carried between them.
@Suite struct PageTableTests {
    private let pair = VPPPair()

    /// Up, and listed alike at both ends with all of these words.
    private func expectUp(_ setup: VPPPair.Setup, listed: [String], in pair: VPPPair? = nil) {
        let pair = pair ?? self.pair
        #expect(pair.configure(setup) == "")
        #expect(pair.run("ikev2 initiate sa-init pr1") == "")
        let text = pair.initiator.type("show ikev2 sa")
        for word in listed { #expect(text.contains(word), "\(word) in \(text)") }
        #expect(!text.isEmpty && pair.responder.type("show ikev2 sa") == text)
        #expect(pair.pings())
    }

    // MARK: Exchanges and payloads

    /// sa-init, a rekeying with a key exchange, both deletes.
    private func wholeLife(_ pair: VPPPair) throws {
        var setup = VPPPair.Setup()
        setup.esp += " esp-dh ecp-256"
        expectUp(setup, listed: [], in: pair)
        let spi = try #require(pair.initiator.childSAs.first?.inbound)
        #expect(pair.run("ikev2 initiate rekey-child-sa \(spi)") == "")
        let next = try #require(pair.initiator.childSAs.last?.inbound)
        #expect(next != spi && pair.initiator.childSAs.count == 1 && pair.pings())
        #expect(pair.run("ikev2 initiate del-child-sa \(next)") == "")
        #expect(pair.initiator.childSAs.isEmpty && pair.responder.childSAs.isEmpty)
        #expect(pair.responder.type("show interface ipsec0") == "show interface: unknown interface `ipsec0'\n")
        let ike = try #require(pair.initiator.ikeSAs.first?.initiatorSPI.value)
        #expect(pair.run("ikev2 initiate del-sa \(String(ike, radix: 16))") == "")
        #expect(pair.initiator.ikeSAs.isEmpty && pair.responder.ikeSAs.isEmpty)
    }

    @Test func `exchanges 34 to 37 are made by an initiator and answered by a responder`() throws {
        try wholeLife(pair)
        for messages in [pair.initiator.sent, pair.responder.sent] {
            let types = try messages.map { try Message(parsing: $0.octets).header.exchangeType }
            #expect(types == [.ikeSAInit, .ikeAuth, .createChildSA, .informational, .informational, .informational])
            #expect(Set(types.map(\.rawValue)) == [34, 35, 36, 37])
        }
    }

    /// VPP sends no Vendor ID; one that comes is no reason to refuse.
    @Test(arguments: [
        (33 as UInt8, "SA"), (34, "KE"), (35, "IDi"), (36, "IDr"), (39, "AUTH"), (40, "Nonce"), (41, "N"), (42, "D"),
        (43, "V"), (44, "TSi"), (45, "TSr"), (46, "SK"),
    ])
    func `each payload of the table is on the wire, and understood`(_ type: UInt8, _ name: String) throws {
        let pair = VPPPair(vendorIDs: [Array("a vendor".utf8)])
        try wholeLife(pair)
        let types = try pair.messages().flatMap { message, inner -> [UInt8] in
            let encrypted: [UInt8] = message.protected == nil ? [] : [46]
            return (message.payloads + inner).map(\.type.rawValue) + encrypted
        }
        #expect(types.contains(type), "\(name)")
        // 0 ends every chain: a parser leaves nothing behind the last payload.
        for datagram in pair.initiator.sent + pair.responder.sent {
            #expect(try Message(parsing: datagram.octets).encoded() == datagram.octets)
        }
    }

    @Test func `an initiator that nobody answers asks every 2 s, and gives up after 20 s`() {
        #expect(pair.configure(.init()) == "")
        pair.responder.type("set interface state host-wan down")
        pair.run("ikev2 initiate sa-init pr1")
        for second in 1...21 {
            pair.initiator.now = .zero + .seconds(second)
            pair.initiator.tell(.timer)
        }
        #expect(pair.initiator.sent.count == 10 && pair.initiator.type("show ikev2 sa") == "")
        #expect(pair.initiator.type("show logging").hasSuffix(" SA state changed to DELETED\n"))
    }

    // MARK: Transforms

    @Test func `transform types 1 to 4 are in the IKE SA's proposal, 1, 3 and 5 in the Child SA's`() throws {
        expectUp(.init(), listed: [])
        let messages = try pair.messages()
        func types(_ payloads: [Payload]) -> Set<UInt8> {
            Set(payloads.proposals.flatMap { $0.transforms.map(\.type.rawValue) })
        }
        #expect(types(messages[0].message.payloads) == [1, 2, 3, 4])
        #expect(types(messages[1].inner) == [1, 3, 5])
    }

    @Test(arguments: [
        ("des", "des"), ("3des", "3des"), ("aes-cbc 128", "aes-cbc-128"), ("aes-cbc 192", "aes-cbc-192"),
        ("aes-cbc 256", "aes-cbc-256"), ("aes-gcm-16 128", "aes-gcm-16-128"), ("aes-gcm-16 192", "aes-gcm-16-192"),
        ("aes-gcm-16 256", "aes-gcm-16-256"),
    ])
    func `each encryption algorithm protects an IKE SA and a Child SA`(_ words: String, _ name: String) {
        var setup = VPPPair.Setup()
        let hash = words.contains("gcm") ? ("", "") : (" ike-integ-alg sha1-96", " esp-integ-alg sha1-96")
        setup.ike = "\(words)\(hash.0) ike-dh ecp-256"
        setup.esp = words + hash.1
        expectUp(setup, listed: [" encr:\(name) prf:hmac-sha1 ", "    encr:\(name) integ:"])
    }

    /// Number 13 is AES-CTR, whatever the page's table calls it; VPP has it for ESP alone.
    @Test(arguments: [128, 192, 256])
    func `encryption 13 protects a Child SA, and is refused for an IKE SA`(_ bits: Int) {
        var setup = VPPPair.Setup()
        setup.esp = "aes-ctr \(bits) esp-integ-alg sha1-96"
        expectUp(setup, listed: ["    encr:aes-ctr-\(bits) integ:sha1-96"])
        #expect(
            pair.run("ikev2 profile set pr1 ike-crypto-alg aes-ctr \(bits) ike-integ-alg sha1-96 ike-dh ecp-256")
                == "ikev2 profile: AES-CTR is not supported for IKE SAs\n")
    }

    /// The page has HMAC-SHA1, and so has our initiator; a peer of today offers others.
    @Test(arguments: [
        (PRFAlgorithm.hmacSHA1, "hmac-sha1"), (.hmacSHA2_256, "hmac-sha2-256"), (.hmacSHA2_384, "hmac-sha2-384"),
        (.hmacSHA2_512, "hmac-sha2-512"),
    ])
    func `each PRF makes the keys`(_ prf: PRFAlgorithm, _ name: String) {
        if prf != .hmacSHA1 {
            pair.initiator.change = { connection in
                for index in connection.ikeProposals.indices { connection.ikeProposals[index].prf = [prf] }
            }
        }
        expectUp(.init(), listed: [" prf:\(name) "])
    }

    @Test(arguments: ["sha1-96", "hmac-sha2-256-128", "hmac-sha2-384-192", "hmac-sha2-512-256"])
    func `each integrity algorithm protects an IKE SA and a Child SA`(_ name: String) {
        var setup = VPPPair.Setup()
        setup.ike = "aes-cbc 128 ike-integ-alg \(name) ike-dh ecp-256"
        setup.esp = "aes-cbc 128 esp-integ-alg \(name)"
        expectUp(setup, listed: ["  integ:\(name) ", "    encr:aes-cbc-128 integ:\(name) "])
    }

    @Test(arguments: [
        ("modp-768", 1 as UInt16), ("modp-1024", 2), ("modp-1536", 5), ("modp-2048", 14), ("modp-3072", 15),
        ("modp-4096", 16), ("modp-6144", 17), ("modp-8192", 18), ("ecp-256", 19), ("ecp-384", 20), ("ecp-521", 21),
        ("modp-1024-160", 22), ("modp-2048-224", 23), ("modp-2048-256", 24), ("ecp-192", 25),
    ])
    func `each group exchanges keys for an IKE SA, and for a Child SA that is replaced`(
        _ name: String, _ number: UInt16
    ) throws {
        var setup = VPPPair.Setup()
        setup.ike = "aes-cbc 128 ike-integ-alg sha1-96 ike-dh \(name)"
        setup.esp += " esp-dh \(name)"
        expectUp(setup, listed: [" dh-group:\(name)\n"])
        let old = try #require(pair.initiator.childSAs.first)
        pair.run("ikev2 initiate rekey-child-sa \(old.inbound)")
        let new = try #require(pair.initiator.childSAs.last)
        #expect(new.child != old.child && new.suite.keyExchange?.rawValue == number && pair.pings())
        let exchanged = try pair.messages().flatMap { $0.message.payloads + $0.inner }.compactMap { payload in
            if case .keyExchange(let exchange) = payload { exchange.group } else { nil }
        }
        #expect(exchanged == [number, number, number, number])
    }

    @Test func `a Child SA is replaced without a key exchange where none is named`() throws {
        expectUp(.init(), listed: [])
        let old = try #require(pair.initiator.childSAs.first)
        pair.run("ikev2 initiate rekey-child-sa \(old.inbound)")
        let new = try #require(pair.initiator.childSAs.last)
        #expect(new.child != old.child && new.suite.keyExchange == nil && pair.pings())
    }

    /// It was told no algorithms: it offers the Child SA with a key exchange and without, and the initiator chooses.
    @Test(arguments: [("", nil), (" esp-dh ecp-256", 19), (" esp-dh modp-2048", 14)] as [(String, UInt16?)])
    func `a responder replaces a Child SA as its initiator would`(_ group: String, _ number: UInt16?) throws {
        var setup = VPPPair.Setup()
        setup.esp += group
        expectUp(setup, listed: [])
        let old = try #require(pair.responder.childSAs.first)
        #expect(pair.responder.type("ikev2 initiate rekey-child-sa \(old.outbound)") == "")
        pair.settle()
        let new = try #require(pair.responder.childSAs.last)
        #expect(new.child != old.child && pair.responder.childSAs.count == 1)
        #expect(new.suite.keyExchange?.rawValue == number && pair.pings())
    }

    @Test(arguments: [(true, "yes"), (false, "no")])
    func `ESN 1 and 0 are negotiated and used`(_ uses: Bool, _ listed: String) {
        if !uses {
            pair.initiator.change = { connection in
                for index in connection.espProposals.indices {
                    connection.espProposals[index].extendedSequenceNumbers = [false]
                }
            }
        }
        expectUp(.init(), listed: ["  esn:\(listed)\n"])
        #expect(pair.responder.type("show ipsec tunnel interfaces").contains(" esn \(uses ? 1 : 0) "))
    }

    // MARK: Identities, authentication, selectors

    @Test(arguments: [
        ("ip4-addr 192.168.4.2", 1 as UInt8), ("fqdn vpp.home", 2), ("rfc822 vpp@vvp.home", 3), ("key-id 0xabcd", 11),
    ])
    func `each identity is carried by an initiator, and by a responder`(_ identity: String, _ type: UInt8) throws {
        for isInitiators in [true, false] {
            let pair = VPPPair()
            var setup = VPPPair.Setup()
            setup.identities = isInitiators ? (identity, "fqdn x") : ("fqdn x", identity)
            expectUp(setup, listed: [" identifier (\(isInitiators ? "i" : "r")) \(identity)\n"], in: pair)
            let carried = try pair.messages().flatMap(\.inner).compactMap { payload -> Identification? in
                switch payload {
                case .identificationInitiator(let one) where isInitiators: one
                case .identificationResponder(let one) where !isInitiators: one
                default: nil
                }
            }
            #expect(carried.first?.type.rawValue == type)
        }
    }

    @Test(arguments: ["string Vpp123", "hex abcd1234"])
    func `authentication method 2 is a shared key, as text and in hexadecimal`(_ words: String) throws {
        var setup = VPPPair.Setup()
        setup.authentication = "shared-key-mic \(words)"
        expectUp(setup, listed: [])
        #expect(try authenticationMethods() == [2, 2])
    }

    @Test func `a shared key in hexadecimal is not the text of its digits`() {
        var setup = VPPPair.Setup()
        setup.authentication = "shared-key-mic hex abcd1234"
        #expect(pair.configure(setup) == "")
        pair.responder.type("ikev2 profile set pr1 auth shared-key-mic string abcd1234")
        pair.run("ikev2 initiate sa-init pr1")
        #expect(pair.initiator.childSAs.isEmpty && pair.responder.type("show logging").contains("AUTH_FAILED"))
    }

    private func authenticationMethods() throws -> [UInt8] {
        try pair.messages().flatMap(\.inner).compactMap { payload in
            if case .authentication(let one) = payload { one.method.rawValue } else { nil }
        }
    }

    @Test func `selectors of type 7 are carried with their ports and protocol`() throws {
        var setup = VPPPair.Setup()
        setup.ports = "port-range 0 - 1023 protocol 17"
        #expect(pair.configure(setup) == "")
        pair.run("ikev2 initiate sa-init pr1")
        let listed = " 0 type 7 protocol_id 17 addr 192.168.5.0 - 192.168.5.255 port 0 - 1023\n"
        #expect(pair.responder.type("show ikev2 sa").contains(listed))
        let carried = try pair.messages().flatMap(\.inner).compactMap { payload in
            if case .trafficSelectorsInitiator(let selectors) = payload { selectors } else { nil }
        }
        #expect(carried.count == 2 && carried.allSatisfy { $0.count == 1 && $0[0].ipProtocol == 17 })
    }

    // MARK: Protocols

    @Test func `protocols 1 and 3 are proposed and deleted`() throws {
        try wholeLife(pair)
        let payloads = try pair.messages().flatMap { $0.message.payloads + $0.inner }
        #expect(Set(payloads.proposals.map(\.protocolID.rawValue)) == [1, 3])
        let deleted = payloads.compactMap { payload in
            if case .delete(let one) = payload { one.protocolID.rawValue } else { nil }
        }
        #expect(Set(deleted) == [1, 3])
    }
}

extension [Payload] {
    fileprivate var proposals: [Proposal] {
        flatMap { payload -> [Proposal] in
            if case .securityAssociation(let proposals) = payload { return proposals }
            return []
        }
    }
}

/// The page's two lists of IPsec algorithms, by the page's command, between two VPPs.
@Suite struct PageIPsecTests {
    struct Algorithms: CustomStringConvertible, Sendable {
        var cipher: String
        /// With a salt behind it, where the cipher has one.
        var keyOctets: Int
        var hash: String
        var description: String { "\(cipher) \(hash)" }
    }

    private static let ciphers: [(String, Int)] = [
        ("aes-cbc-128", 16), ("aes-cbc-192", 24), ("aes-cbc-256", 32), ("aes-ctr-128", 20), ("aes-ctr-192", 28),
        ("aes-ctr-256", 36), ("aes-gcm-128", 20), ("aes-gcm-192", 28), ("aes-gcm-256", 36), ("des-cbc", 8),
        ("3des-cbc", 24),
    ]
    private static let hashes = ["sha1-96", "sha-256-96", "sha-256-128", "sha-384-192", "sha-512-256"]

    static let all: [Algorithms] = ciphers.flatMap { cipher, octets in
        (cipher.contains("gcm") ? ["none"] : hashes).map {
            Algorithms(cipher: cipher, keyOctets: octets, hash: $0)
        }
    }

    @Test(arguments: all)
    func `each cipher with each hash protects a ping, set up by the page's commands`(_ one: Algorithms) {
        let pair = VPPPair()
        let key = (0..<one.keyOctets).map { String($0 * 5 % 16, radix: 16) + "1" }.joined()
        let hash = one.hash == "none" ? "" : " integ-alg \(one.hash) integ-key \(String(repeating: "4d", count: 20))"
        for (host, own, peer, sent, heard) in [
            (pair.responder, 1, 2, 1001, 1000), (pair.initiator, 2, 1, 1000, 1001),
        ] {
            let ranges =
                "local-ip-range 192.168.4.\(own) - 192.168.4.\(own) remote-ip-range 192.168.4.\(peer) - 192.168.4.\(peer)"
            let answer = host.type(
                lines: """
                    ipsec sa add 10 spi \(sent) esp crypto-alg \(one.cipher) crypto-key \(key)\(hash)
                    ipsec sa add 20 spi \(heard) esp crypto-alg \(one.cipher) crypto-key \(key)\(hash)
                    ipsec spd add 1
                    set interface ipsec spd host-wan 1
                    ipsec policy add spd 1 priority 100 inbound action bypass protocol 50
                    ipsec policy add spd 1 priority 100 outbound action bypass protocol 50
                    ipsec policy add spd 1 priority 10 inbound action protect sa 20 \(ranges)
                    ipsec policy add spd 1 priority 10 outbound action protect sa 10 \(ranges)
                    """)
            #expect(answer == "")
        }
        let forwarder = pair.responder.forwarder
        _ = forwarder.startEcho(to: IPAddress("192.168.4.2")!, from: nil, count: 1, at: .zero)
        #expect(forwarder.takeEchoReports().last?.kind == .finished(sent: 1, received: 1))
        #expect(pair.protocols == [50, 50])
        #expect(pair.responder.type("show ipsec sa 10").contains("crypto alg \(one.cipher) key \(key)"))
    }
}
