import IKEModel

extension Wording {
    static func name(_ method: EAPPolicy.Method) -> String {
        switch method {
        case .mschapV2: "EAP-MSCHAPv2"
        case .tls: "EAP-TLS"
        }
    }

    static func eapFailure(_ failure: EAPFailure) -> String {
        func text(_ identity: [UInt8]) -> String { "'\(String(decoding: identity, as: UTF8.self))'" }
        return switch failure {
        case .refusedByPeer: "peer sent EAP Failure"
        case .wrongResponse: "wrong password"
        case .wrongServerResponse: "the server does not know the password"
        case .noSecret(let identity): "no EAP secret found for \(text(identity))"
        case .identityMismatch(let identity): "peer calls itself \(text(identity)), which is not whom it may be"
        case .methodRefused: "peer wants another EAP method"
        case .serverNotProved: "nothing would prove who the server is"
        case .unexpected(let what): "unexpected message: \(what)"
        case .unsupported(let what): what
        case .certificate(let refusal): "certificate rejected: \(self.refusal(refusal))"
        case .noCertificate: "no certificate with a private key in the key store"
        case .tls(let what): what
        }
    }
}
