import IKEModel
import IKEWire

extension WireProfile {
    /// What VPP does on the wire, as recorded in November 2026: no vendor IDs; NAT detection behind the nonce, and as initiator
    /// the hashes of RFC 7427, though it signs by method 1; integrity before the PRF.
    static var vpp: WireProfile {
        var profile = WireProfile(nonceOctets: 32, sendsResponderIdentification: true)
        let first: [MessageLayout.Slot] = [
            .notify(.cookie), .payload(.securityAssociation), .payload(.keyExchange), .payload(.nonce),
            .notify(.natDetectionSourceIP), .notify(.natDetectionDestinationIP), .notify(.signatureHashAlgorithms),
        ]
        let authentication: [MessageLayout.Slot] = [
            .payload(.identificationInitiator), .payload(.identificationResponder), .payload(.authentication),
            .payload(.securityAssociation), .payload(.trafficSelectorsInitiator),
            .payload(.trafficSelectorsResponder), .notify(.initialContact),
        ]
        var layout = MessageLayout(
            order: [
                .init(.ikeSAInit, isResponse: false): first, .init(.ikeSAInit, isResponse: true): first,
                .init(.ikeAuth, isResponse: false): authentication, .init(.ikeAuth, isResponse: true): authentication,
            ], integrityBeforePRF: true)
        // SHA-1, SHA2-256, -384 and -512 (RFC 7427 §4), two octets each.
        layout.announcements = [
            .init(.ikeSAInit, isResponse: false): [.init(.signatureHashAlgorithms, data: [0, 1, 0, 2, 0, 3, 0, 4])]
        ]
        profile.layout = layout
        profile.floatsForMobility = false
        profile.announcesAddresses = false
        return profile
    }
}

extension RetransmissionSchedule {
    /// Every two seconds.
    static var vpp: RetransmissionSchedule {
        var schedule = RetransmissionSchedule(interval: .seconds(2), timeout: .seconds(20))
        schedule.growthPercent = 100
        return schedule
    }
}
