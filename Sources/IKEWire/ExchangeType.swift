/// The exchange that a message belongs to (RFC 7296 §3.1).
package struct ExchangeType: RegisteredNumber {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let ikeSAInit = ExchangeType(34)
    package static let ikeAuth = ExchangeType(35)
    package static let createChildSA = ExchangeType(36)
    package static let informational = ExchangeType(37)
    /// RFC 5723.
    package static let ikeSessionResume = ExchangeType(38)
    /// RFC 9242.
    package static let ikeIntermediate = ExchangeType(43)
    /// RFC 9370.
    package static let ikeFollowupKE = ExchangeType(44)

    package static let names: [UInt8: String] = [
        34: "IKE_SA_INIT", 35: "IKE_AUTH", 36: "CREATE_CHILD_SA", 37: "INFORMATIONAL", 38: "IKE_SESSION_RESUME",
        39: "GSA_AUTH", 40: "GSA_REGISTRATION", 41: "GSA_REKEY", 42: "GSA_INBAND_REKEY", 43: "IKE_INTERMEDIATE",
        44: "IKE_FOLLOWUP_KE",
    ]
}
