import IKEModel
import IKEWire

extension WireProfile {
    /// What charon does on the wire: of 5.9.8 as recorded in November 2026; the older releases announce less.
    static func charon(_ version: CharonVersion) -> WireProfile {
        var profile = WireProfile(
            vendorIDs: [], fragmentPacketOctetsV4: 1280, fragmentPacketOctetsV6: 1280, nonceOctets: 32,
            detectsNATInResumption: true, sendsResponderIdentification: true,
            announcesChildless: version == .v5_9_8, cookieThreshold: 30)
        profile.believesUnprotectedErrors = true
        profile.waitsForRevocationLists = true
        profile.layout = layout(version)
        return profile
    }

    private static func layout(_ version: CharonVersion) -> MessageLayout {
        let first: [MessageLayout.Slot] = [
            .notify(.cookie), .payload(.securityAssociation), .payload(.keyExchange), .payload(.nonce),
            .notify(.natDetectionSourceIP), .notify(.natDetectionDestinationIP), .payload(.certificateRequest),
            .notify(.ikev2FragmentationSupported), .notify(.signatureHashAlgorithms), .notify(.redirectSupported),
            .notify(.childlessIKEv2Supported), .notify(.multipleAuthSupported), .payload(.vendorID),
        ]
        let authentication: [MessageLayout.Slot] = [
            .payload(.identificationInitiator), .payload(.identificationResponder), .payload(.certificate),
            .notify(.initialContact), .payload(.certificateRequest), .payload(.authentication),
            .payload(.configuration), .notify(.useTransportMode), .payload(.securityAssociation),
            .payload(.trafficSelectorsInitiator), .payload(.trafficSelectorsResponder), .notify(.mobikeSupported),
            .notify(.additionalIPv4Address), .notify(.additionalIPv6Address), .notify(.noAdditionalAddresses),
            .notify(.multipleAuthSupported), .notify(.eapOnlyAuthentication), .notify(.messageIDSyncSupported),
        ]
        // As initiator charon names the responder behind its own certificate.
        var request = authentication
        request.remove(at: 1)
        request.insert(.payload(.identificationResponder), at: 4)
        var layout = MessageLayout(
            order: [
                .init(.ikeSAInit, isResponse: false): first, .init(.ikeSAInit, isResponse: true): first,
                .init(.ikeAuth, isResponse: false): request, .init(.ikeAuth, isResponse: true): authentication,
            ], integrityBeforePRF: true)
        // SHA2-256, -384, -512 and Identity (RFC 7427 §4, RFC 8420 §2), two octets each.
        let hashes: [UInt8] = [0, 2, 0, 3, 0, 4, 0, 5]
        switch version {
        case .v5_9_8:
            layout.announcements = [
                .init(.ikeSAInit, isResponse: false): [
                    .init(.signatureHashAlgorithms, data: hashes), .init(.redirectSupported),
                ],
                .init(.ikeSAInit, isResponse: true): [
                    .init(.signatureHashAlgorithms, data: hashes, isEcho: true), .init(.multipleAuthSupported),
                ],
                .init(.ikeAuth, isResponse: false): [
                    .init(.multipleAuthSupported, isEcho: true), .init(.eapOnlyAuthentication),
                    .init(.messageIDSyncSupported),
                ],
            ]
        case .v5_1_2:
            layout.announcements = [
                .init(.ikeSAInit, isResponse: true): [.init(.multipleAuthSupported)],
                .init(.ikeAuth, isResponse: false): [
                    .init(.multipleAuthSupported, isEcho: true), .init(.eapOnlyAuthentication),
                ],
            ]
        case .v4_2_9: break
        }
        return layout
    }
}

extension RetransmissionSchedule {
    /// Waits of 4 s × 1.8^n; given up after the sixth: 165.06 s.
    static var charon: RetransmissionSchedule {
        var schedule = RetransmissionSchedule(interval: .seconds(4), timeout: .milliseconds(165_056))
        schedule.growthPercent = 180
        return schedule
    }
}

extension NotifyType {
    /// IKEV2_MESSAGE_ID_SYNC_SUPPORTED (RFC 6311 §5.1).
    static let messageIDSyncSupported = NotifyType(rawValue: 16420)
}
