import IKECrypto
import Recordings
import Testing

/// Every derived value of a recorded resumption between two plutos, computed anew from the values above it.
@Suite(.enabled(if: Recording.exists("libreswan/keys.txt"), "\(Recording.absent)"))
struct LibreswanKeysTests {
    let log: KeyLog

    init() throws { log = KeyLog(try Recording.text("libreswan/keys.txt")) }

    /// SK_d | SK_ei | SK_er | SK_pi | SK_pr with their salts, AES-GCM-16 256 and HMAC-SHA2-512 (RFC 7296 §2.14).
    private func checkKeys(_ sa: KeyLog.Section, seed: SecretBytes) throws {
        #expect(seed.exposed == sa["SKEYSEED"])
        let material = try PRF.plus(
            .hmacSHA2_512, key: seed, seed: sa["Ni"] + sa["Nr"] + sa["SPIi"] + sa["SPIr"], count: 264)
        #expect(material[0..<64].exposed == sa["SK_d"])
        #expect(material[64..<100].exposed == sa["SK_ei"] + sa["SK_ei_salt"])
        #expect(material[100..<136].exposed == sa["SK_er"] + sa["SK_er_salt"])
        #expect(material[136..<200].exposed == sa["SK_pi"])
        #expect(material[200..<264].exposed == sa["SK_pr"])
        let child = try PRF.plus(.hmacSHA2_512, key: material[0..<64], seed: sa["Ni"] + sa["Nr"], count: 72)
        #expect(child[0..<36].exposed == sa["child_spi_i2r.key"])
        #expect(child[36..<72].exposed == sa["child_spi_r2i.key"])
    }

    @Test(arguments: ["IKE SA 1", "IKE SA 4"])
    func `an initial exchange gives the recorded secret, keys and AUTH of both sides`(title: String) throws {
        let sa = log[title]
        for (mine, value, peer) in [("dh_private_i", "KE_i", "KE_r"), ("dh_private_r", "KE_r", "KE_i")] {
            let exchange = try KeyExchange(method: .ecp256, privateKey: SecretBytes(sa[mine]))
            #expect(exchange.publicValue == sa[value])
            #expect(try exchange.sharedSecret(peer: sa[peer]).exposed == sa["g_ir"])
        }
        let seed = try PRF.compute(
            .hmacSHA2_512, key: SecretBytes(sa["Ni"] + sa["Nr"]), secret: SecretBytes(sa["g_ir"]))
        try checkKeys(sa, seed: seed)
        let shared = try PRF.compute(
            .hmacSHA2_512, key: SecretBytes(log[""]["psk"]), [Array("Key Pad for IKEv2".utf8)])
        for (side, nonce) in [("i", "Nr"), ("r", "Ni")] {
            let identity = try PRF.compute(
                .hmacSHA2_512, key: SecretBytes(sa["SK_p\(side)"]), [sa["ID\(side)_body"]])
            let auth = try PRF.compute(
                .hmacSHA2_512, key: shared, [sa["message_\(side)"], sa[nonce], identity.exposed])
            #expect(auth.exposed == sa["AUTH_\(side)"])
        }
    }

    @Test func `a resumed exchange gives the recorded keys and the short AUTH`() throws {
        let sa = log["IKE SA 2"]
        #expect(sa["SK_d_old"] == log["IKE SA 1"]["SK_d"])
        let seed = try PRF.compute(
            .hmacSHA2_512, key: SecretBytes(sa["SK_d_old"]), [Array("Resumption".utf8), sa["Ni"], sa["Nr"]])
        try checkKeys(sa, seed: seed)
        for side in ["i", "r"] {
            let auth = try PRF.compute(.hmacSHA2_512, key: SecretBytes(sa["SK_p\(side)"]), [sa["message_\(side)"]])
            #expect(auth.exposed == sa["AUTH_\(side)"])
        }
    }

    @Test(arguments: [("IKE SA 1", 1), ("IKE SA 2", 2), ("IKE SA 4", 4)])
    func `a ticket opens with the key of its number and no other`(title: String, number: Int) throws {
        let sa = log[title]
        let ticket = sa["ticket"]
        #expect(Array(ticket[0..<4]) == [UInt8(number), 0, 0, 0])
        for candidate in 1...4 {
            let key = SecretBytes(log[""]["ticket_key_\(candidate)"])
            let nonce = log[""]["ticket_key_\(candidate).salt"] + ticket[4..<12]
            func open() throws -> [UInt8] {
                try AEADBox.open(
                    key: key, nonce: nonce, associated: Array(ticket[0..<4]), Array(ticket[16...]))
            }
            if candidate == number {
                #expect(try open() == sa["ticket_plain"])
            } else {
                #expect(throws: CryptoError.integrity) { try open() }
            }
        }
    }

    @Test(.enabled(if: Recording.exists("libreswan/resume.pcap"), "\(Recording.absent)"))
    func `every protected message of the recording opens with its side's key`() throws {
        var opened = 0
        for message in try Recording.resume.datagrams().map(\.octets) where message[18] != 34 && message[18] != 38 {
            let sa = try #require(
                log.sections.first { $0.has("SK_ei") && $0["SPIi"] == Array(message[0..<8]) })
            // The SK payload's header ends at 32; an SKF's fragment numbers end at 36 (RFC 7383 §2.5).
            let header = message[16] == 53 ? 36 : 32
            let side = message[19] & 0x08 != 0 ? "SK_ei" : "SK_er"
            let protection = try PacketProtection(
                encryption: .aesGCM16, keyBits: 256, integrity: .none,
                encryptionKey: SecretBytes(sa[side] + sa["\(side)_salt"]), integrityKey: .empty)
            let body = Array(message[header...])
            let plain = try protection.open(header: Array(message[..<header]), body: body)
            // Sealed again with its IV it is the same message, octet for octet.
            let again = try protection.seal(header: Array(message[..<header]), plaintext: plain, iv: Array(body[..<8]))
            #expect(again == body)
            opened += 1
        }
        #expect(opened == 16)
    }
}
