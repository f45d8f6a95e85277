import IKECrypto
import IKEWire
import NetAddress
import Recordings
import Testing

/// The resumption between two plutos, followed from Diffie-Hellman private keys and the wire alone.
@Suite(.enabled(if: Recording.areThere, Comment(rawValue: Recording.absent)))
struct LibreswanResumptionTests {
    let keys: KeysText
    let decoded: [ExchangeDecoder.Decoded]
    let decoder: ExchangeDecoder

    init() throws {
        let keys = KeysText(try Recording.text("libreswan/keys.txt"))
        var decoder = ExchangeDecoder { spi, ofInitiator in
            keys.block(initiatorSPI: spi.description)?[ofInitiator ? "dh_private_i" : "dh_private_r"].map {
                [UInt8](hex: $0)
            }
        }
        decoded = try Recording.resume.datagrams().map { try decoder.decode($0) }
        self.decoder = decoder
        self.keys = keys
    }

    @Test func `every message, decrypted and put together, is what messages txt says of it, line by line`() throws {
        let expected = MessagesText.blocks(try Recording.text("libreswan/messages.txt"))
        let found = decoded.map(MessagesText.block)
        #expect(found.count == 24)
        #expect(found.count == expected.count)
        for (found, expected) in zip(found, expected) {
            #expect(found == expected)
        }
    }

    @Test func `every key computed from the wire is the one in keys txt`() throws {
        #expect(keys.blocks.count == 4)
        var compared = 0
        for block in keys.blocks {
            let spi = try #require(block["SPIi"].flatMap { IKESPI(octets: [UInt8](hex: $0)) })
            guard let sa = decoder.sas[spi] else {
                // The one that east refused.
                #expect(block["SKEYSEED"] == nil)
                continue
            }
            let salt = sa.encryption.saltLength
            let found: [String: String] = [
                "SPIr": sa.responderSPI.description, "Ni": sa.ni.hex, "Nr": sa.nr.hex,
                "message_i": sa.messageI.hex, "message_r": sa.messageR.hex, "SKEYSEED": sa.skeyseed.exposed.hex,
                "SK_d": sa.d.exposed.hex, "SK_ai": sa.ai.exposed.hex, "SK_ar": sa.ar.exposed.hex,
                "SK_ei": sa.ei.exposed.dropLast(salt).hex, "SK_ei_salt": sa.ei.exposed.suffix(salt).hex,
                "SK_er": sa.er.exposed.dropLast(salt).hex, "SK_er_salt": sa.er.exposed.suffix(salt).hex,
                "SK_pi": sa.pi.exposed.hex, "SK_pr": sa.pr.exposed.hex,
            ]
            for (name, value) in found {
                #expect(block[name] == value, "\(name) of \(spi)")
                compared += 1
            }
        }
        #expect(compared == 3 * 15)
    }

    @Test func `every AUTH on the wire is the one computed, in libreswan's reading after a resumption`() throws {
        let psk = try #require(keys.common["psk"].map { [UInt8](hex: $0) })
        var kinds: [String] = []
        for row in decoded where row.message.header.exchangeType == .ikeAuth {
            guard let payloads = row.inner?.payloads else { continue }
            let initiator = row.message.header.isInitiator
            let spi = row.message.header.initiatorSPI
            let sa = try #require(decoder.sas[spi])
            let block = try #require(keys.block(initiatorSPI: spi.description))
            let authentication = try #require(payloads.authentication)
            let identity = try #require(payloads.identification(initiator: initiator))
            #expect(authentication.method == .sharedKeyMIC)
            #expect(authentication.data.hex == block[initiator ? "AUTH_i" : "AUTH_r"])
            #expect(identity.body.hex == block[initiator ? "IDi_body" : "IDr_body"])
            let isResumed = block["SK_d_old"] != nil
            let found =
                isResumed
                ? try sa.shortResumedAuth(initiator: initiator)
                : try sa.sharedKeyAuth(psk: psk, initiator: initiator, identity: identity)
            #expect(found == authentication.data)
            kinds.append(isResumed ? "resumed" : "initial")
        }
        #expect(kinds == ["initial", "initial", "resumed", "resumed", "initial", "initial"])
    }

    @Test func `every Child SA's SPIs and keys are those in keys txt`() throws {
        var compared = 0
        for row in decoded where row.message.header.exchangeType == .ikeAuth && !row.message.header.isInitiator {
            guard let accepted = row.inner?.payloads.proposals?.first else { continue }
            let spi = row.message.header.initiatorSPI
            let block = try #require(keys.block(initiatorSPI: spi.description))
            let offered = try #require(
                decoded.first { $0.message.header.initiatorSPI == spi && $0.inner?.payloads.proposals != nil }?
                    .inner?.payloads.proposals?.first { $0.number == accepted.number })
            let child = try #require(decoder.sas[spi]).childKeys(RecordedIKESA.Suite(accepted))
            #expect(block["child_spi_i2r"] == "\(accepted.spi.hex)   key = \(child.toResponder[0].hex)")
            #expect(block["child_spi_r2i"] == "\(offered.spi.hex)   key = \(child.toInitiator[0].hex)")
            compared += 1
        }
        #expect(compared == 3)
    }

    @Test func `a ticket of the second IKE SA is the one that keys txt has, and the third one presents it`() throws {
        var tickets: [String: [UInt8]] = [:]
        for row in decoded {
            for case .notify(let notify) in row.inner?.payloads ?? [] where notify.type == .ticketLTOpaque {
                let (lifetime, ticket) = try notify.ticketWithLifetime()
                let block = try #require(keys.block(initiatorSPI: row.message.header.initiatorSPI.description))
                #expect(block["ticket_lifetime"] == String(lifetime))
                #expect(block["ticket"] == ticket.hex)
                tickets[row.message.header.initiatorSPI.description] = ticket
            }
        }
        #expect(tickets.count == 3)
        let presented = decoded.flatMap(\.message.payloads).compactMap { payload -> [UInt8]? in
            if case .notify(let notify) = payload, notify.type == .ticketOpaque { notify.data } else { nil }
        }
        #expect(presented == [tickets["0cc7d4b10a1d3a26"], tickets["9a05700bbe07228e"]])
    }

    @Test func `no octet of an encrypted message can be changed unnoticed`() throws {
        for frame in [3, 5] {
            let row = try #require(decoded.first { $0.datagram.frame == frame })
            let sa = try #require(decoder.sas[row.message.header.initiatorSPI])
            var (unread, refused) = (0, 0)
            for index in row.datagram.octets.indices {
                var octets = row.datagram.octets
                octets[index] ^= 0x20
                guard let message = try? Message(parsing: octets), message.protected != nil else {
                    unread += 1
                    continue
                }
                #expect(throws: (any Error).self) { try sa.open(message) }
                refused += 1
            }
            #expect(unread + refused == row.datagram.octets.count)
            #expect(refused > unread)
        }
    }
}
