import IKEModel

/// PPKs (RFC 8784) in pluto's words.
extension Wording {
    static func ppkMixed(_ role: Role) -> String { "PPK AUTH calculated as \(self.role(role))" }

    static func ppkFailure(_ failure: PPKFailure) -> String {
        switch failure {
        case .unsupportedByPeer: "connection has ppk=insist but peer does not support PPK"
        case .noneForPeer: "connection requires PPK, but we didn't find one"
        case .unknownIdentity: "Requested PPK_ID not found and connection requires a valid PPK"
        case .identityMissing: "authentication failed: the peer said USE_PPK and no PPK_IDENTITY"
        case .unusedByPeer: "connection has ppk=insist but the peer went on without the PPK"
        }
    }
}
