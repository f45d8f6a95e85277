import IKECrypto
import IKEWire
import Recordings
import Testing

/// Recorded messages of a VPP, opened with the keys that its console shows.
struct ShownExchange {
    /// What `show ikev2 sa details` printed first.
    struct Shown {
        /// By name; of a pair the initiator's first.
        var values: [String: [String]] = [:]

        init(_ text: String) throws {
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            let start = try #require(lines.firstIndex { $0.hasPrefix("vpp# show ikev2 sa details") })
            var prefix = ""
            var name = ""
            for line in lines[(start + 1)...].prefix(while: { !$0.hasPrefix("Stats:") }) {
                var words = line.split(separator: " ")
                if line.contains("child sa") { prefix = "child " }
                guard let first = words.first else { continue }
                if ["nonce", "SK_d", "SK_a", "SK_e", "SK_p"].contains(first) {
                    name = prefix + first
                    words.removeFirst()
                    values[name] = []
                } else if !first.hasPrefix("r:") || name.isEmpty {
                    name = ""
                    continue
                }
                values[name]?.append(String(words[0].split(separator: ":").last ?? ""))
            }
        }

        func pair(_ name: String) throws -> (i: [UInt8], r: [UInt8]) {
            let pair = try #require(values[name])
            try #require(pair.count == 2)
            return ([UInt8](hex: pair[0]), [UInt8](hex: pair[1]))
        }
    }

    let shown: Shown
    let messages: [Message]
    /// What the Encrypted payloads held, in turn.
    let inner: [[Payload]]

    init(_ recording: Recording, console: String) throws {
        shown = try Shown(try Recording.text(console))
        messages = try recording.datagrams().map { try Message(parsing: $0.octets) }
        let (ei, er) = try shown.pair("SK_e")
        let (ai, ar) = try shown.pair("SK_a")
        let suite = RecordedIKESA.Suite(try #require(messages[1].proposals?.first))
        inner = try messages.compactMap { message in
            guard let protected = message.protected else { return nil }
            let fromInitiator = message.header.isInitiator
            let protection = try PacketProtection(
                encryption: suite.encryption, keyBits: suite.keyBits, integrity: suite.integrity,
                encryptionKey: SecretBytes(fromInitiator ? ei : er),
                integrityKey: SecretBytes(fromInitiator ? ai : ar))
            let padded = try protection.open(header: protected.prefix, body: protected.body)
            let plaintext = padded.dropLast(Int(try #require(padded.last)) + 1)
            return try Message.parsePayloads(first: protected.innerFirst, plaintext)
        }
    }
}
