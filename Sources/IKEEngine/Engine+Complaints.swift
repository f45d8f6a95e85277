import IKEModel
import IKEWire
import NetAddress

/// What anybody can have sent, and how seldom it makes this end do something (RFC 7296 §1.5, §2.4, §2.21.4).
extension Engine {
    /// Who was heard not longer ago than this is alive, whatever others say.
    private static let recently = Duration.seconds(10)

    /// N(INVALID_SPI) outside of any IKE SA: a hint that the peer may have lost a Child SA of ours, and may have started anew. Whether it
    /// lives is asked in the IKE SA itself; nothing else is believed, and nothing answered (RFC 7296 §1.5).
    func suspect(_ message: Message, _ datagram: Datagram) {
        let header = message.header
        guard header.exchangeType == .informational, !header.isResponse, message.protected == nil,
            let named = message.payloads.notify(.invalidSPI)?.data, named.count == 4,
            complaints.admits(at: now),
            let child = childSAsByID.values.first(where: {
                $0.facts.outbound.octets == named && $0.facts.remote.address == datagram.remote.address
            }),
            let ike = ikes[child.facts.ike], case .established = ike.phase, ike.pending == nil,
            now - ike.lastHeard >= Engine.recently
        else { return }
        probe(ike)
    }

    /// An answer in clear that keeps no state.
    func answerSeldom(_ datagram: Datagram) {
        if clearAnswers.admits(at: now) { release(datagram) }
    }
}
