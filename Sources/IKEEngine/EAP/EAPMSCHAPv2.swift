import IKECrypto
import IKEModel
import IKEWire

/// What EAP-MSCHAPv2 carries (draft-kamath-pppext-eap-mschapv2 §2): an operation, a number, and in all but the last responses
/// a length and a text or two.
private enum Operation: UInt8 {
    case challenge = 1
    case response, success, failure

    /// OpCode, MS-CHAPv2-ID, MS-Length (with these four octets), data.
    func packet(_ number: UInt8, _ data: [UInt8]) -> [UInt8] {
        let length = data.count + 4
        return [rawValue, number, UInt8(truncatingIfNeeded: length >> 8), UInt8(truncatingIfNeeded: length)] + data
    }

    static func parse(_ octets: [UInt8]) throws(EAPFailure) -> (operation: Operation, number: UInt8, data: [UInt8]) {
        guard let first = octets.first, let operation = Operation(rawValue: first) else {
            throw .unexpected("an MS-CHAP-V2 packet without an operation")
        }
        // Success and Failure are answered by the operation alone.
        if octets.count == 1, operation == .success || operation == .failure { return (operation, 0, []) }
        guard octets.count >= 4, Int(octets[2]) << 8 | Int(octets[3]) == octets.count else {
            throw .unexpected("an MS-CHAP-V2 packet of another length than it says")
        }
        return (operation, octets[1], Array(octets[4...]))
    }
}

extension CryptoError {
    var eapFailure: EAPFailure { .unsupported(String(describing: self)) }
}

/// EAP-MSCHAPv2 in the peer.
final class EAPMSCHAPv2Peer: EAPPeerMethod {
    let type = EAPType.mschapV2
    private let identity: [UInt8]
    private let secret: SecretBytes
    private let challenge: [UInt8]
    private var computed: MSCHAPv2?
    private(set) var isSatisfied = false
    private(set) var failure = EAPFailure.refusedByPeer

    /// - Parameter challenge: 16 random octets.
    init(identity: [UInt8], secret: SecretBytes, challenge: [UInt8]) {
        self.identity = identity
        self.secret = secret
        self.challenge = challenge
    }

    func answer(_ data: [UInt8]) throws(EAPFailure) -> [UInt8] {
        let (operation, number, content) = try Operation.parse(data)
        switch operation {
        case .challenge:
            guard content.count > 16, content[0] == 16 else { throw .unexpected("an MS-CHAP-V2 challenge") }
            let made: MSCHAPv2
            do {
                made = try MSCHAPv2(
                    password: secret, user: identity, authenticatorChallenge: Array(content[1...16]),
                    peerChallenge: challenge)
            } catch { throw error.eapFailure }
            computed = made
            // Peer-Challenge, Reserved, NT-Response, Flags: 49 octets (RFC 2759 §4).
            return Operation.response.packet(
                number, [49] + challenge + [UInt8](repeating: 0, count: 8) + made.response + [0] + identity)
        case .success:
            guard let computed, let theirs = EAPMSCHAPv2Peer.authenticatorResponse(content),
                constantTimeEquals(theirs, computed.authenticatorResponse)
            else { throw .wrongServerResponse }
            isSatisfied = true
            return [Operation.success.rawValue]
        case .failure:
            // E=691 and its like: EAP Failure follows, and this is the better reason. Another password is not tried.
            failure = .wrongResponse
            return [Operation.failure.rawValue]
        case .response: throw .unexpected("an MS-CHAP-V2 response from a server")
        }
    }

    func masterSessionKey() throws(EAPFailure) -> SecretBytes {
        guard let computed else { throw .unexpected("no MS-CHAP-V2 challenge") }
        return computed.masterSessionKey
    }

    /// The 20 octets of `S=` and 40 hexadecimal digits (RFC 2759 §5).
    private static func authenticatorResponse(_ text: [UInt8]) -> [UInt8]? {
        guard text.count >= 42, text[0] == UInt8(ascii: "S"), text[1] == UInt8(ascii: "=") else { return nil }
        var result: [UInt8] = []
        for index in stride(from: 2, to: 42, by: 2) {
            guard let octet = UInt8(String(decoding: text[index...index + 1], as: UTF8.self), radix: 16) else {
                return nil
            }
            result.append(octet)
        }
        return result
    }
}

/// EAP-MSCHAPv2 in the server.
final class EAPMSCHAPv2Server: EAPServerMethod {
    let type = EAPType.mschapV2
    private enum Phase {
        case challenged
        case accepted(MSCHAPv2)
        case refused
    }

    private let identity: [UInt8]
    private let secret: SecretBytes
    private let challenge: [UInt8]
    private let name: [UInt8]
    private let number: UInt8
    private var phase = Phase.challenged

    /// - Parameters:
    ///   - challenge: 16 random octets.
    ///   - name: the server's own.
    init(identity: [UInt8], secret: SecretBytes, challenge: [UInt8], name: [UInt8], number: UInt8) {
        self.identity = identity
        self.secret = secret
        self.challenge = challenge
        self.name = name
        self.number = number
    }

    func begin() -> [UInt8] { Operation.challenge.packet(number, [16] + challenge + name) }

    func next(after data: [UInt8]) throws(EAPFailure) -> [UInt8]? {
        let (operation, _, content) = try Operation.parse(data)
        switch (phase, operation) {
        case (.challenged, .response): return try check(content)
        case (.accepted, .success): return nil
        case (.refused, .failure): throw .wrongResponse
        default: throw .unexpected("an MS-CHAP-V2 packet out of turn")
        }
    }

    private func check(_ content: [UInt8]) throws(EAPFailure) -> [UInt8] {
        guard content.count >= 50, content[0] == 49 else { throw .unexpected("an MS-CHAP-V2 response") }
        let user = Array(content[50...])
        // The password is the identity's: nobody proves to be somebody else with his own.
        guard user == identity else { throw .identityMismatch(user) }
        let expected: MSCHAPv2
        do {
            expected = try MSCHAPv2(
                password: secret, user: user, authenticatorChallenge: challenge, peerChallenge: Array(content[1...16]))
        } catch { throw error.eapFailure }
        guard constantTimeEquals(Array(content[25..<49]), expected.response) else {
            phase = .refused
            // ERROR_AUTHENTICATION_FAILURE, and no further try (RFC 2759 §6); the challenge is not for use.
            let text = "E=691 R=0 C=\(String(repeating: "0", count: 32)) V=3 M=Authentication failed"
            return Operation.failure.packet(number, Array(text.utf8))
        }
        phase = .accepted(expected)
        let digits = expected.authenticatorResponse.map {
            ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true)
        }
        return Operation.success.packet(number, Array("S=\(digits.joined()) M=Welcome".utf8))
    }

    func masterSessionKey() throws(EAPFailure) -> SecretBytes {
        guard case .accepted(let computed) = phase else { throw .unexpected("no MS-CHAP-V2 response") }
        return computed.masterSessionKey
    }
}
