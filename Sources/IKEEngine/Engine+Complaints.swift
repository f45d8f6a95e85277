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
            let ike = ikes[child.facts.ike], case .established = ike.phase, ike.outstanding.isEmpty,
            now - ike.lastHeard >= Engine.recently
        else { return }
        probe(ike)
    }

    /// An answer in clear that keeps no state.
    /// - Returns: whether it was sent.
    @discardableResult
    func answerSeldom(_ datagram: Datagram) -> Bool {
        let isAdmitted = clearAnswers.admits(at: now)
        if isAdmitted { release(datagram) }
        return isAdmitted
    }

    /// An answer in clear to a first request.
    @discardableResult
    func answerSeldom(
        _ message: Message, _ datagram: Datagram, _ notify: NotifyPayload, responderSPI: IKESPI = .zero
    ) -> Bool {
        let octets = clearAnswer(to: message, notify, responderSPI: responderSPI)
        return answerSeldom(Datagram(local: datagram.local, remote: datagram.remote, octets: octets))
    }
}
