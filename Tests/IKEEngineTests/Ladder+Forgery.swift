import IKECrypto
import IKEModel
import IKEWire
import NetAddress

@testable import IKEEngine

/// Messages that no engine would send: a peer that has the keys and means ill.
extension Ladder {
    /// West's newest IKE SA, keys and all.
    var westIKE: IKESA { west.engine.ikes[west.engine.ikes.keys.max()!]! }

    /// A protected message of west's, as it arrives at east.
    func forge(
        _ ike: IKESA, _ exchange: ExchangeType, _ messageID: UInt32, _ payloads: [Payload], fromPort port: UInt16? = nil
    ) throws -> Datagram {
        var random = SeededRandom(seed: UInt64(messageID))
        let sealed = try ike.seal(
            exchange: exchange, messageID: messageID, isResponse: false, payloads: payloads, keys: ike.keys!,
            profile: WireProfile(fragmentPacketOctetsV4: 65535), random: &random)[0]
        var remote = sealed.local
        if let port { remote.port = port }
        return Datagram(local: sealed.remote, remote: remote, octets: sealed.octets)
    }

    /// A datagram that was sent, as it arrives, with another SPI of the initiator: no repetition of the first.
    func renamed(_ sent: Sent) -> Datagram {
        var octets = sent.datagram.octets
        octets[0] ^= 0xff
        return Datagram(local: sent.datagram.remote, remote: sent.datagram.local, octets: octets)
    }
}

extension Ladder.End {
    var drops: [DropReason] {
        events.compactMap { if case .dropped(let reason, _, _, _, _) = $0 { reason } else { nil } }
    }
}
