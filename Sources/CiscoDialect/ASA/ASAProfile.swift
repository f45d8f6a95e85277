import IKEModel

extension WireProfile {
    /// What an ASA does on the wire, as far as a debug log of September 2018 shows it: it takes its SPI before it looks at a
    /// proposal, and a group that its crypto map does not want is answered by INVALID_KE_PAYLOAD with group 0 and ESP's
    /// Protocol ID.
    static let asa: WireProfile = {
        var profile = WireProfile(nonceOctets: 64)
        profile.tellsOctets = true
        profile.refusesKeyExchangeByGroupZero = true
        profile.namesProtocolInRefusals = true
        profile.reservesSPIBeforeChoice = true
        return profile
    }()
}
