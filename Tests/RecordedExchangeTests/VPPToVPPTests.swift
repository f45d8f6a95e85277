import IKECrypto
import IKEWire
import NetAddress
import Recordings
import Testing

/// Two VPPs with RSA signatures and HMAC-SHA2-256 as the PRF, decrypted with the keys that the initiator's console shows.
///
/// VPP sends no certificate, and the recording has none: what the signatures are worth cannot be said here.
@Suite(.enabled(if: Recording.areThere, Comment(rawValue: Recording.absent)))
struct VPPToVPPTests {
    let exchange: ShownExchange
    let prf = PRFAlgorithm.hmacSHA2_256

    init() throws { exchange = try ShownExchange(.vppBoth, console: "vpp/s3-vpp-initiator.txt") }

    @Test func `both consoles show the same keys`() throws {
        let other = try ShownExchange.Shown(try Recording.text("vpp/s3-vpp-responder.txt"))
        #expect(other.values == exchange.shown.values && other.values.count == 7)
    }

    @Test func `the algorithms on the wire are those that the initiator was told, and its PRF`() throws {
        let accepted = try #require(exchange.messages[1].proposals?.first)
        #expect(
            accepted.transforms.map(\.description).sorted() == [
                "ENCR=ENCR_AES_CBC_256", "INTEG=AUTH_HMAC_SHA1_96", "KE=2048-bit MODP Group",
                "PRF=PRF_HMAC_SHA2_256",
            ])
    }

    @Test func `every message has the payloads of a VPP, and they are understood`() {
        let lists =
            exchange.messages.prefix(2).map { $0.payloadList(inner: nil) }
            + zip(exchange.messages.dropFirst(2), exchange.inner).map { $0.payloadList(inner: $1) }
        #expect(
            lists == [
                "SA,KE,Ni,N(NAT_DETECTION_SOURCE_IP),N(NAT_DETECTION_DESTINATION_IP),N(SIGNATURE_HASH_ALGORITHMS)",
                "SA,KE,Nr,N(NAT_DETECTION_SOURCE_IP),N(NAT_DETECTION_DESTINATION_IP)",
                "SK{IDi,IDr,AUTH,SA,TSi,TSr,N(INITIAL_CONTACT)}", "SK{IDr,AUTH,SA,TSi,TSr}", "SK{}", "SK{}",
            ])
    }

    @Test func `nonces, identities and selectors are those that VPP shows`() throws {
        let (ni, nr) = try exchange.shown.pair("nonce")
        #expect(exchange.messages[0].nonce == ni && exchange.messages[1].nonce == nr)
        func fqdn(_ name: String) -> Identification { Identification(type: .fqdn, data: Array(name.utf8)) }
        #expect(exchange.inner[0].identification(initiator: true) == fqdn("vpp.home"))
        #expect(exchange.inner[1].identification(initiator: false) == fqdn("roadwarrior.vpn.example.com"))
        let selectors = [IPPrefix("192.168.5.0/24")!, IPPrefix("192.168.3.0/24")!].map { [TrafficSelector($0)] }
        for inner in exchange.inner.prefix(2) {
            #expect(inner.contains(.trafficSelectorsInitiator(selectors[0])))
            #expect(inner.contains(.trafficSelectorsResponder(selectors[1])))
        }
    }

    @Test func `both signatures are method 1, of keys of 2048 bits`() throws {
        for inner in exchange.inner.prefix(2) {
            let authentication = try #require(inner.authentication)
            #expect(authentication.method.rawValue == 1 && authentication.data.count == 256)
        }
    }

    @Test func `a VPP of today offers ESP with ESN first and without, and takes the first`() throws {
        let offered = try #require(exchange.inner[0].proposals?.first)
        #expect(offered.transforms.filter { $0.type == .extendedSequenceNumbers }.map(\.id) == [1, 0])
        let accepted = try #require(exchange.inner[1].proposals?.first)
        #expect(accepted.transforms.filter { $0.type == .extendedSequenceNumbers }.map(\.id) == [1])
    }

    @Test func `the Child SA's keys come from SK_d and the nonces`() throws {
        let (ni, nr) = try exchange.shown.pair("nonce")
        let d = [UInt8](hex: try #require(exchange.shown.values["SK_d"]?.first))
        let keymat = try PRF.plus(prf, key: SecretBytes(d), seed: ni + nr, count: 2 * (32 + 20)).exposed
        let (ei, er) = try exchange.shown.pair("child SK_e")
        let (ai, ar) = try exchange.shown.pair("child SK_a")
        #expect(keymat.hex == (ei + ai + er + ar).hex)
    }
}
