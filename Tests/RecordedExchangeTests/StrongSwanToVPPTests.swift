import IKECrypto
import IKEWire
import NetAddress
import Recordings
import Testing

/// strongSwan and VPP with AES-CBC and HMAC-SHA1: decrypted with the keys that VPP shows (it does not show the
/// Diffie-Hellman secret, so that SKEYSEED itself cannot be computed).
@Suite(.enabled(if: Recording.areThere, Comment(rawValue: Recording.absent)))
struct StrongSwanToVPPTests {
    let exchange: ShownExchange
    var shown: ShownExchange.Shown { exchange.shown }
    var messages: [Message] { exchange.messages }
    var inner: [[Payload]] { exchange.inner }
    let prf = PRFAlgorithm.hmacSHA1

    init() throws { exchange = try ShownExchange(.vppResponder, console: "vpp/s1-vpp-cli.txt") }

    @Test func `the algorithms on the wire are those that both were told`() throws {
        let accepted = try #require(messages[1].proposals?.first)
        #expect(
            accepted.transforms.map(\.description).sorted() == [
                "ENCR=ENCR_AES_CBC_256", "INTEG=AUTH_HMAC_SHA1_96", "KE=2048-bit MODP Group", "PRF=PRF_HMAC_SHA1",
            ])
        #expect(messages[0].keyExchange?.data.count == 256)
    }

    /// The order is that of charon's log, its short names spelled out.
    @Test func `every message has the payloads that charon's log lists`() {
        let lists =
            zip(messages.prefix(2), [nil, nil]).map { $0.payloadList(inner: $1) }
            + zip(messages.dropFirst(2), inner).map { $0.payloadList(inner: $1) }
        #expect(
            lists == [
                "SA,KE,Ni,N(NAT_DETECTION_SOURCE_IP),N(NAT_DETECTION_DESTINATION_IP),N(IKEV2_FRAGMENTATION_SUPPORTED),"
                    + "N(SIGNATURE_HASH_ALGORITHMS),N(REDIRECT_SUPPORTED)",
                "SA,KE,Nr,N(NAT_DETECTION_SOURCE_IP),N(NAT_DETECTION_DESTINATION_IP)",
                "SK{IDi,N(INITIAL_CONTACT),IDr,AUTH,SA,TSi,TSr,N(EAP_ONLY_AUTHENTICATION),"
                    + "N(IKEV2_MESSAGE_ID_SYNC_SUPPORTED)}",
                "SK{IDr,AUTH,SA,TSi,TSr}", "SK{D}", "SK{}",
            ])
    }

    @Test func `nonces, identities and selectors are those that VPP shows`() throws {
        let (ni, nr) = try shown.pair("nonce")
        #expect(messages[0].nonce == ni)
        #expect(messages[1].nonce == nr)
        #expect(
            inner[0].identification(initiator: true)
                == Identification(type: .fqdn, data: Array("roadwarrior.vpn.example.com".utf8)))
        #expect(
            inner[1].identification(initiator: false) == Identification(type: .fqdn, data: Array("vpp.home".utf8)))
        let selectors = [IPPrefix("192.168.3.0/24")!, IPPrefix("192.168.5.0/24")!].map { [TrafficSelector($0)] }
        #expect(
            inner[1].suffix(2) == [
                .trafficSelectorsInitiator(selectors[0]), .trafficSelectorsResponder(selectors[1]),
            ])
    }

    @Test func `both AUTH values come from Vpp123, the messages and SK_p`() throws {
        let (pi, pr) = try shown.pair("SK_p")
        let key = try PRF.compute(prf, key: SecretBytes(Array("Vpp123".utf8)), [Array("Key Pad for IKEv2".utf8)])
        for (index, initiator) in [(0, true), (1, false)] {
            let identity = try #require(inner[index].identification(initiator: initiator))
            let maced = try PRF.compute(prf, key: SecretBytes(initiator ? pi : pr), [identity.body]).exposed
            let nonce = try #require(messages[1 - index].nonce)
            let expected = try PRF.compute(prf, key: key, [messages[index].encoded(), nonce, maced]).exposed
            #expect(inner[index].authentication == AuthenticationPayload(method: .sharedKeyMIC, data: expected))
        }
    }

    @Test func `the Child SA's keys come from SK_d and the nonces`() throws {
        let (ni, nr) = try shown.pair("nonce")
        let d = [UInt8](hex: try #require(shown.values["SK_d"]?.first))
        let accepted = try #require(inner[1].proposals?.first)
        #expect(accepted.spi.hex == "79775d97")
        #expect((try #require(inner[0].proposals?.first).spi).hex == "cb12df28")
        #expect(accepted.transforms.contains(Transform(type: .extendedSequenceNumbers, id: 1)))
        let suite = RecordedIKESA.Suite(accepted)
        let lengths = [suite.encryption.keyMaterialLength(keyBits: suite.keyBits) ?? 0, suite.integrity.keyLength]
        #expect(lengths == [24, 20])
        let keymat = try PRF.plus(prf, key: SecretBytes(d), seed: ni + nr, count: 88).exposed
        let (ei, er) = try shown.pair("child SK_e")
        let (ai, ar) = try shown.pair("child SK_a")
        #expect(keymat.hex == (ei + ai + er + ar).hex)
    }
}
