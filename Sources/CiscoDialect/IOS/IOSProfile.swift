import IKEModel
import IKEWire

extension WireProfile {
    /// What IOS 15.1 does on the wire, as a debug log shows it. Of payloads whose contents the log does not show, the vendor
    /// IDs, the application version and the private attributes, the contents are ours, in the log's lengths.
    static let ios: WireProfile = {
        var profile = WireProfile(
            vendorIDs: [Array("CISCO-DELETE-REASON".utf8), Array("FLEXVPN-SUPPORTED".utf8)], nonceOctets: 20,
            sendsResponderIdentification: false)
        profile.tellsOctets = true
        var layout = MessageLayout(order: [
            .init(.ikeSAInit, isResponse: false): first, .init(.ikeSAInit, isResponse: true): first,
            .init(.ikeAuth, isResponse: false): authentication, .init(.ikeAuth, isResponse: true): authentication,
            .init(.createChildSA, isResponse: false): another, .init(.createChildSA, isResponse: true): another,
        ])
        layout.notifyProtocol = .ike
        profile.requestWindow = 5
        let support = [MessageLayout.Announcement(.espTFCPaddingNotSupported), .init(.nonFirstFragmentsAlso)]
        layout.announcements = [
            .init(.ikeSAInit, isResponse: true): [.init(.httpCertLookupSupported)],
            .init(.ikeAuth, isResponse: false): support, .init(.ikeAuth, isResponse: true): support,
        ]
        layout.additions = [
            // RFC 7296 §3.7: encoding 12 is "Hash and URL of X.509 certificate"; 20 octets for each trust anchor.
            .init(.ikeSAInit, isResponse: true): [
                .certificateRequest(
                    CertificateRequestPayload(encoding: .hashAndURL, authority: anchors))
            ],
            .init(.ikeAuth, isResponse: false): [.vendorID(granite), .configuration(configurationRequest)],
            .init(.ikeAuth, isResponse: true): [.vendorID(granite)],
        ]
        profile.layout = layout
        // The log's IKE SA has group 2, and its default proposal begins with 5: the first request to replace it is longer by
        // the difference of the two public values, and a second one follows it.
        profile.rekeysIKEWithFirstGroup = true
        return profile
    }()

    private static let first: [MessageLayout.Slot] = [
        .payload(.securityAssociation), .payload(.keyExchange), .payload(.nonce), .payload(.vendorID),
        .notify(.natDetectionSourceIP), .notify(.natDetectionDestinationIP), .payload(.certificateRequest),
        .notify(.httpCertLookupSupported),
    ]
    private static let authentication: [MessageLayout.Slot] = [
        .payload(.vendorID), .payload(.identificationInitiator), .payload(.identificationResponder),
        .payload(.authentication), .payload(.configuration), .payload(.securityAssociation),
        .payload(.trafficSelectorsInitiator), .payload(.trafficSelectorsResponder), .notify(.initialContact),
        .notify(.setWindowSize), .notify(.espTFCPaddingNotSupported), .notify(.nonFirstFragmentsAlso),
    ]

    private static let another: [MessageLayout.Slot] = [
        .notify(.rekeySA), .payload(.securityAssociation), .payload(.nonce), .payload(.keyExchange),
        .payload(.trafficSelectorsInitiator), .payload(.trafficSelectorsResponder), .notify(.setWindowSize),
    ]

    /// CISCO-GRANITE: 16 octets.
    static let granite: [UInt8] = Array("CISCO-GRANITE-ID".utf8)
    /// Five trust anchors of 20 octets each.
    private static let anchors = [UInt8](repeating: 0x5a, count: 100)

    /// Eleven attributes, the application version of 257 octets among them; 309 octets with its headers.
    private static let configurationRequest = ConfigurationPayload(
        type: .request,
        attributes: [3, 3, 4, 4, 13].map { ConfigurationAttribute(type: .init(rawValue: $0)) }
            + [
                ConfigurationAttribute(
                    type: .applicationVersion,
                    value: Array("Cisco IOS Software".utf8) + [UInt8](repeating: 0x20, count: 239))
            ] + [28675, 28672, 28692, 28681, 28674].map { ConfigurationAttribute(type: .init(rawValue: $0)) })
}
