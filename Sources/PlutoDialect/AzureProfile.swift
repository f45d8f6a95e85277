package import IKEModel
import IKEWire

extension WireProfile {
    /// What Microsoft's Azure VPN gateway does on the wire as far as an ASA's debug log of September 2018 shows it: a nonce of
    /// 48 octets, the key exchange behind the selectors, and a Child SA that stays when its volume is used up while no
    /// replacement came.
    package static let azure: WireProfile = {
        var profile = WireProfile.pluto
        profile.nonceOctets = 48
        profile.keepsSpentChildren = true
        profile.layout = MessageLayout(order: [
            .init(.createChildSA, isResponse: false): [
                .notify(.rekeySA), .payload(.securityAssociation), .payload(.nonce),
                .payload(.trafficSelectorsInitiator), .payload(.trafficSelectorsResponder), .payload(.keyExchange),
            ]
        ])
        return profile
    }()
}
