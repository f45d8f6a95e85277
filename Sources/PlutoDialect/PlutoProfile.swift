package import IKEModel

extension WireProfile {
    /// What pluto does on the wire (seen in a recording of August 2026 and, where it can be told, in May 2025's consoles).
    package static let pluto: WireProfile = {
        var profile = negotiating
        // It says that it speaks MOBIKE, and stays on port 500 until a NAT is found.
        profile.announcesAddresses = false
        profile.floatsForMobility = false
        return profile
    }()

    private static let negotiating = WireProfile(
        vendorIDs: [], fragmentPacketOctetsV4: 576, fragmentPacketOctetsV6: 1280, nonceOctets: 32,
        resumptionAuthentication: .messageOnly, detectsNATInResumption: false, sendsResponderIdentification: true,
        announcesChildless: true,
        ticketLifetime: .seconds(3600), ticketKeyInterval: .seconds(3600), cookieThreshold: 25000,
        halfOpenLimit: 50000)
}
