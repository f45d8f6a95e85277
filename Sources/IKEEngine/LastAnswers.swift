import IKECrypto
import IKEModel

/// The last answers of IKE SAs that have ended since, kept without their keys.
///
/// The answer to a Delete, or the refusal of an IKE_AUTH, ends the IKE SA that it is sent in; where it is lost, the peer
/// asks again (RFC 7296 §2.1) and would be met with silence until it gives up. A repeated request is the first one octet
/// for octet, so that a hash of it is enough to know it by.
struct LastAnswers {
    /// For as long as an initiator may ask again.
    private static let lifetime = Duration.seconds(60)
    /// Answers at most; the oldest go first. One has some 100 octets, or as many fragments as it needed.
    private static let limit = 1000

    struct Answer {
        var ike: IKESAID
        var datagrams: [Datagram]
    }

    private var byRequest: [[UInt8]: Answer] = [:]
    /// Oldest first.
    private var ends: [(request: [UInt8], due: Instant)] = []

    var count: Int { ends.count }

    /// SHA-256 of a request, or of its first fragment (RFC 7383 §2.6.1): 32 octets.
    static func hash(_ request: [UInt8]) -> [UInt8] { Digest.sha256(request) }

    mutating func keep(_ answer: Answer, to request: [UInt8], at now: Instant) {
        dropDue(at: now)
        while ends.count >= LastAnswers.limit { byRequest[ends.removeFirst().request] = nil }
        byRequest[request] = answer
        ends.append((request, now + LastAnswers.lifetime))
    }

    mutating func answer(to request: [UInt8], at now: Instant) -> Answer? {
        dropDue(at: now)
        return byRequest.isEmpty ? nil : byRequest[LastAnswers.hash(request)]
    }

    private mutating func dropDue(at now: Instant) {
        while let first = ends.first, first.due <= now { byRequest[ends.removeFirst().request] = nil }
    }
}
