import IKECrypto
import Recordings
import Testing

/// Keys that VPP printed of its exchange with strongSwan: aes256-sha1-modp2048, PSK "Vpp123"; copied as facts, so that
/// the first tests run anywhere.
struct VPPKeysTests {
    let ni = [UInt8](hex: "09e9e516950100373bc473a118486c5ae6bcd7771fe714c79e5ce5364f03c729")
    let nr = [UInt8](hex: "a641afcb0ae447163f704b4372694672e234dcd3501c9e2347d76418bca19277")

    @Test func `KEYMAT of SK_d and the nonces is the Child SA's keys in VPP's print`() throws {
        let skD = SecretBytes([UInt8](hex: "095ab4999598d04dfeb3d6d2277ccb289f766407"))
        let material = try PRF.plus(.hmacSHA1, key: skD, seed: ni + nr, count: 2 * (24 + 20))
        #expect(material[0..<24].exposed.hex == "844f05978c7056bc107036a385f3c5179f3c1aeb6204838c")
        #expect(material[24..<44].exposed.hex == "06cf6ee8e7f2f1c03d0d0975b8af5eeed5782b1e")
        #expect(material[44..<68].exposed.hex == "08d8ecc21fd1e68f066e4224bda4c256f991242f002234ca")
        #expect(material[68..<88].exposed.hex == "fa166704a55c8c9f3b1c06ed7aa5593fe4b4c9a6")
    }

    private func protection(_ encryption: String, _ integrity: String) throws -> PacketProtection {
        try PacketProtection(
            encryption: .aesCBC, keyBits: 256, integrity: .hmacSHA1_96,
            encryptionKey: SecretBytes([UInt8](hex: encryption)), integrityKey: SecretBytes([UInt8](hex: integrity)))
    }

    @Test(.enabled(if: Recording.exists("vpp/s1.pcap"), "\(Recording.absent)"))
    func `every protected message of the recording opens, and AUTH is of the recorded messages`() throws {
        let i = try protection(
            "29c8b7c0f3c5e6f0fcf8e1f55689d24e734e1cb802c016e57b3272a2111405a1",
            "0cd16a7fc99430e0f16fc60840f96a56104094a9")
        let r = try protection(
            "147c924cdaf62d823b8df97d7d0624313393c5715266baf3f6ef0cb11b071ad2",
            "dc58f2550b851fbd786d49c2429e708fa8582532")
        let messages = try Recording.vppResponder.datagrams().map(\.octets)
        #expect(messages.count == 6)
        var plain: [[UInt8]] = []
        for message in messages where message[18] != 34 {
            let protection = message[19] & 0x08 != 0 ? i : r
            let header = Array(message[..<32])
            let body = Array(message[32...])
            plain.append(try protection.open(header: header, body: body))
            #expect(try protection.seal(header: header, plaintext: plain.last!, iv: Array(body[..<16])) == body)
        }
        #expect(plain.count == 4)

        // RFC 7296 §2.15: each side's AUTH is over its first message, the other's nonce and its own MACed identity.
        let shared = try PRF.compute(
            .hmacSHA1, key: SecretBytes(Array("Vpp123".utf8)), [Array("Key Pad for IKEv2".utf8)])
        let sides: [(message: [UInt8], nonce: [UInt8], key: String, identity: String, plain: [UInt8])] = [
            (
                messages[0], nr, "8596980027062d897d8d9b1e32fed4839b7f9575", "roadwarrior.vpn.example.com", plain[0]
            ),
            (messages[1], ni, "32fedf37f26a3ef1825ce7fd8a93487bf406f2c9", "vpp.home", plain[1]),
        ]
        for side in sides {
            let identity = try PRF.compute(
                .hmacSHA1, key: SecretBytes([UInt8](hex: side.key)), [[2, 0, 0, 0] + Array(side.identity.utf8)])
            let auth = try PRF.compute(.hmacSHA1, key: shared, [side.message, side.nonce, identity.exposed])
            // The AUTH payload's data is in the plaintext, wherever it stands there, behind method 2 and three zeros.
            let payload = [2, 0, 0, 0] + auth.exposed
            let found = (0...side.plain.count - payload.count).contains {
                Array(side.plain[$0..<$0 + payload.count]) == payload
            }
            #expect(found)
        }
    }
}
