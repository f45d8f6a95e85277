import IKECrypto
import IKEWire
import NetAddress

/// Which ends of an IKE SA have a NAT in front of them.
struct NATStatus: Equatable {
    var localBehindNAT = false
    var remoteBehindNAT = false

    var isPresent: Bool { localBehindNAT || remoteBehindNAT }
}

/// NAT detection by hashes of what each end believes the addresses to be (RFC 7296 §2.23).
enum NATDetection {
    /// SHA-1(SPIi | SPIr | address | port): 20 octets.
    static func hash(spiI: IKESPI, spiR: IKESPI, endpoint: Endpoint) -> [UInt8] {
        Digest.sha1(
            spiI.octets + spiR.octets + endpoint.address.octets
                + [UInt8(endpoint.port >> 8), UInt8(truncatingIfNeeded: endpoint.port)])
    }

    /// The two notifies that we send. With `faked` the source hash matches nothing, so that the peer encapsulates.
    static func notifies(spiI: IKESPI, spiR: IKESPI, local: Endpoint, remote: Endpoint, faked: Bool) -> [Payload] {
        let source = faked ? Endpoint(.unspecified(local.address.family), port: 0) : local
        return [
            .notify(
                NotifyPayload(
                    type: .natDetectionSourceIP, data: hash(spiI: spiI, spiR: spiR, endpoint: source))),
            .notify(
                NotifyPayload(
                    type: .natDetectionDestinationIP, data: hash(spiI: spiI, spiR: spiR, endpoint: remote))),
        ]
    }

    /// What the peer's notifies say; nil where it sent none.
    static func evaluate(
        _ payloads: [Payload], spiI: IKESPI, spiR: IKESPI, local: Endpoint, remote: Endpoint
    ) -> NATStatus? {
        let sources = payloads.notifies(.natDetectionSourceIP)
        let destinations = payloads.notifies(.natDetectionDestinationIP)
        guard !sources.isEmpty, !destinations.isEmpty else { return nil }
        let mine = hash(spiI: spiI, spiR: spiR, endpoint: local)
        let theirs = hash(spiI: spiI, spiR: spiR, endpoint: remote)
        return NATStatus(
            localBehindNAT: !destinations.contains { $0.data == mine },
            remoteBehindNAT: !sources.contains { $0.data == theirs })
    }
}
