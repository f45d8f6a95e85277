import IKEModel
import IKEWire
import NetAddress

/// Configuration payloads on both sides: a gateway lends addresses, a client protects what it was lent (RFC 7296 §2.19,
/// §3.15).
extension Engine {
    /// Name servers and domains that are taken from a gateway at most, each.
    private static let hintLimit = 16

    // MARK: Client

    /// CP(CFG_REQUEST), where the connection is a client's: an address and name servers of each family.
    func configurationRequest(_ connection: Connection) -> [Payload] {
        let policy = connection.configuration
        guard policy.isClient else { return [] }
        let servers = policy.nameServerFamilies ?? policy.requestedFamilies
        func address(_ family: AddressFamily) -> [ConfigurationAttribute] {
            guard policy.requestedFamilies.contains(family) else { return [] }
            let wish = policy.wishedAddresses.first { $0.family == family }.map { family.lent($0) }
            return [ConfigurationAttribute(type: family.internalAddress, value: wish ?? [])]
        }
        func server(_ family: AddressFamily) -> [ConfigurationAttribute] {
            servers.contains(family) ? [ConfigurationAttribute(type: family.internalNameServer)] : []
        }
        let families: [AddressFamily] = [.v4, .v6]
        var attributes =
            policy.asksForAddressesFirst
            ? families.flatMap(address) + families.flatMap(server)
            : policy.requestedFamilies.flatMap { address($0) + server($0) }
        if policy.nameServerFamilies == nil { attributes.append(ConfigurationAttribute(type: .internalDNSDomain)) }
        return [.configuration(ConfigurationPayload(type: .request, attributes: attributes))]
    }

    /// What a gateway's CP(CFG_REPLY) gives to a client.
    /// - Returns: false where the connection needs an address and got none that can be used.
    func takeConfiguration(_ payloads: [Payload], _ ike: IKESA, _ connection: Connection, _ child: ChildSAID?) -> Bool {
        guard connection.configuration.isClient else { return true }
        var given = InternalConfiguration()
        for attribute in payloads.configuration(.reply)?.attributes ?? [] {
            for family in [AddressFamily.v4, .v6] {
                switch attribute.type {
                case family.internalAddress where connection.configuration.requestedFamilies.contains(family):
                    // Behind an IPv6 address stands the length of its prefix (RFC 7296 §3.15.1).
                    guard let address = IPAddress(octets: attribute.value.prefix(family.octetCount)),
                        address.family == family, address.isHost,
                        !given.addresses.contains(where: { $0.family == family })
                    else { continue }
                    given.addresses.append(address)
                case family.internalNameServer:
                    guard let address = IPAddress(octets: attribute.value[...]), address.family == family,
                        given.nameServers.count < Engine.hintLimit
                    else { continue }
                    given.nameServers.append(address)
                default: break
                }
            }
            if attribute.type == .internalDNSDomain, given.domains.count < Engine.hintLimit,
                let domain = attribute.domain
            {
                given.domains.append(domain)
            }
        }
        guard !given.addresses.isEmpty else { return false }
        ike.configuration = given
        emit(.configurationReceived(child, ike.id, given))
        return true
    }

    // MARK: Gateway

    /// What a gateway has to say, two octets for each attribute (RFC 7296 §3.15.1).
    private static let supportedAttributes = ConfigurationAttribute(
        type: .supportedAttributes,
        value: [
            ConfigurationAttributeType.internalIPv4Address, .internalIPv4DNS, .internalIPv6Address, .internalIPv6DNS,
            .supportedAttributes, .internalDNSDomain,
        ].flatMap { [UInt8($0.rawValue >> 8), UInt8(truncatingIfNeeded: $0.rawValue)] })

    /// Whether a message asks for addresses (RFC 7296 §3.15).
    func asksForAddresses(_ payloads: [Payload]) -> Bool { payloads.configuration(.request) != nil }

    /// Lends the peer addresses and tells it in CP(CFG_REPLY).
    /// - Returns: the payload, none where the connection has no pools; or what refuses the Child SA: FAILED_CP_REQUIRED
    ///   where the peer asks for no address (RFC 7296 §2.19), INTERNAL_ADDRESS_FAILURE where there is none for it
    ///   (§3.15.4).
    func answerConfiguration(
        _ payloads: [Payload], _ ike: IKESA, _ connection: Connection
    ) -> Result<[Payload], Refusal> {
        let policy = connection.configuration
        guard policy.isGateway, let peer = ike.peer else { return .success([]) }
        guard let request = payloads.configuration(.request) else {
            return .failure(Refusal(reason: .refusing(.failedCPRequired)))
        }
        releaseLeases(of: ike)
        var attributes: [ConfigurationAttribute] = []
        for family in [AddressFamily.v4, .v6] {
            guard let wanted = request.attributes.first(where: { $0.type == family.internalAddress }),
                let address = lend(
                    family, wish: IPAddress(octets: wanted.value.prefix(family.octetCount)), policy, ike, peer)
            else { continue }
            ike.leases.append(address)
            attributes.append(ConfigurationAttribute(type: family.internalAddress, value: family.lent(address)))
        }
        guard !ike.leases.isEmpty else { return .failure(Refusal(reason: .refusing(.internalAddressFailure))) }
        for server in policy.nameServers {
            attributes.append(ConfigurationAttribute(type: server.family.internalNameServer, value: server.octets))
        }
        for domain in policy.domains {
            attributes.append(ConfigurationAttribute(type: .internalDNSDomain, value: Array(domain.utf8)))
        }
        if request.attributes.contains(where: { $0.type == .supportedAttributes }) {
            attributes.append(Engine.supportedAttributes)
        }
        emit(.addressesLent(ike.id, ike.leases))
        return .success([.configuration(ConfigurationPayload(type: .reply, attributes: attributes))])
    }

    /// An address of the pools, or the one that is wished for.
    private func lend(
        _ family: AddressFamily, wish: IPAddress?, _ policy: ConfigurationPolicy, _ ike: IKESA, _ peer: Identification
    ) -> IPAddress? {
        for pool in policy.pools where pool.family == family {
            if let address = leases.lend(from: pool, to: peer) { return address }
        }
        guard policy.grantsWishes, let wish, wish.family == family, wish.isHost, wish != ike.local.address,
            !hostAddresses.contains(wish), leases.lend(wish)
        else { return nil }
        return wish
    }

    func releaseLeases(of ike: IKESA) {
        for address in ike.leases { leases.release(address) }
        ike.leases = []
    }

    // MARK: Selectors

    /// What this end protects. A client's are the addresses that it was given; until it knows them, all of each family
    /// (RFC 7296 §2.19).
    func localSelectors(_ connection: Connection, _ ike: IKESA) -> [TrafficSelector] {
        guard connection.configuration.isClient else { return connection.localSelectors(address: ike.local.address) }
        if let given = ike.configuration { return given.addresses.map { TrafficSelector(IPPrefix(host: $0)) } }
        return connection.configuration.requestedFamilies.compactMap {
            IPPrefix(.unspecified($0), length: 0).map { TrafficSelector($0) }
        }
    }

    /// What the peer protects: where it was lent addresses, those.
    func remoteSelectors(_ connection: Connection, _ ike: IKESA) -> [TrafficSelector] {
        guard connection.configuration.isGateway, !ike.leases.isEmpty else {
            return connection.remoteSelectors(address: ike.remote.address)
        }
        return ike.leases.map { TrafficSelector(IPPrefix(host: $0)) }
    }

    /// What the peer may protect of what it offers; a client of ours offers more than it is lent.
    func narrowRemote(
        _ offered: [TrafficSelector], _ connection: Connection, _ ike: IKESA, replacing old: ChildSA? = nil
    ) -> [TrafficSelector]? {
        TrafficSelectorNarrowing.narrow(
            offered: offered, configured: old?.facts.remoteSelectors ?? remoteSelectors(connection, ike),
            narrowing: connection.narrowing || connection.configuration.isGateway)
    }

    /// Whether a peer's wish for its own end could come to something: of a gateway's connection it need not know yet what
    /// it will be lent.
    func couldProtect(_ offered: [TrafficSelector], _ connection: Connection, _ ike: IKESA) -> Bool {
        guard connection.configuration.isGateway, ike.leases.isEmpty else {
            return narrowRemote(offered, connection, ike) != nil
        }
        return connection.configuration.grantsWishes
            || offered.contains { selector in
                connection.configuration.pools.contains { selector.addresses.intersection($0) != nil }
            }
    }
}

extension [Payload] {
    fileprivate func configuration(_ type: ConfigurationType) -> ConfigurationPayload? {
        for case .configuration(let payload) in self where payload.type == type { return payload }
        return nil
    }
}

extension AddressFamily {
    fileprivate var internalAddress: ConfigurationAttributeType {
        self == .v4 ? .internalIPv4Address : .internalIPv6Address
    }
    fileprivate var internalNameServer: ConfigurationAttributeType { self == .v4 ? .internalIPv4DNS : .internalIPv6DNS }
    /// An address as an attribute carries it: behind one of IPv6 stands the length of its prefix (RFC 7296 §3.15.1).
    fileprivate func lent(_ address: IPAddress) -> [UInt8] {
        address.octets + (self == .v6 ? [UInt8(bitCount)] : [])
    }
}

extension IPAddress {
    /// Whether one host could have it: not the unspecified address, no loopback, no multicast.
    fileprivate var isHost: Bool {
        switch family {
        case .v4:
            let top = value >> 24
            return top != 0 && top != 127 && top < 224
        case .v6: return value > 1 && value >> 120 != 0xff
        }
    }
}

extension ConfigurationAttribute {
    /// A domain name of letters, digits, hyphens and dots, at most 253 octets; nil for anything else.
    fileprivate var domain: String? {
        guard (1...253).contains(value.count),
            value.allSatisfy({ octet in
                switch octet {
                case 0x2d, 0x2e, 0x30...0x39, 0x41...0x5a, 0x5f, 0x61...0x7a: true
                default: false
                }
            })
        else { return nil }
        return String(decoding: value, as: UTF8.self)
    }
}
