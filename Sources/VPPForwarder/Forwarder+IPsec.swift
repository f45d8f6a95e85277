import ESP
package import IKECrypto
package import IKEModel
import NetAddress

/// `ipsecN`: a Child SA, or the one after it, as an interface.
package final class IPsecTunnel {
    package let interface: ForwarderInterface
    /// The SA that is sent by, and those that are heard: the old one of a rekeying until it is removed.
    package internal(set) var outbound: ForwarderSA
    package internal(set) var inbound: [(child: ChildSAID, association: ForwarderSA)]
    /// Whose outbound SA is in use.
    package internal(set) var child: ChildSAID

    init(
        interface: ForwarderInterface, child: ChildSAID, outbound: ForwarderSA, inbound: ForwarderSA
    ) {
        self.interface = interface
        self.child = child
        self.outbound = outbound
        self.inbound = [(child, inbound)]
    }
}

extension Forwarder {
    // MARK: SAs and policies by hand

    package func addAssociation(_ association: ForwarderSA) throws(ForwarderError) {
        guard associations[association.settings.id] == nil else { throw .exists }
        associations[association.settings.id] = association
    }

    package func removeAssociation(_ id: UInt32) throws(ForwarderError) {
        guard associations[id] != nil else { throw .unknownSA(id) }
        let isUsed = databases.values.contains { $0.policies.contains { $0.action == .protect(id) } }
        if isUsed { throw .inUse }
        associations[id] = nil
    }

    /// Other keys; sequence numbers begin anew with them.
    package func setKeys(
        _ id: UInt32, encryption: SecretBytes?, integrity: SecretBytes?
    ) throws(ForwarderError) {
        guard var settings = associations[id]?.settings else { throw .unknownSA(id) }
        if let encryption { settings.encryptionKey = encryption }
        if let integrity { settings.integrityKey = integrity }
        associations[id] = try ForwarderSA(settings)
    }

    package func addDatabase(_ id: UInt32) throws(ForwarderError) {
        guard databases[id] == nil else { throw .exists }
        databases[id] = SecurityPolicyDatabase(id: id)
    }

    package func removeDatabase(_ id: UInt32) throws(ForwarderError) {
        guard databases.removeValue(forKey: id) != nil else { throw .unknownSPD(id) }
        for interface in interfaces.values where interface.policies == id { interface.policies = nil }
    }

    package func addPolicy(_ policy: SecurityPolicy, to id: UInt32) throws(ForwarderError) {
        guard databases[id] != nil else { throw .unknownSPD(id) }
        if case .protect(let association) = policy.action, associations[association] == nil {
            throw .unknownSA(association)
        }
        databases[id]!.add(policy)
    }

    package func removePolicy(_ policy: SecurityPolicy, from id: UInt32) throws(ForwarderError) {
        guard databases[id] != nil else { throw .unknownSPD(id) }
        guard databases[id]!.remove(policy) else { throw .missing }
    }

    // MARK: Policies at work

    /// An outbound packet: what is to leave by the interface; nil where it goes another way, or nowhere. What no policy
    /// names is dropped (RFC 4301 §5.1).
    func apply(
        _ id: UInt32, _ packet: [UInt8], _ fields: PacketFields, on interface: ForwarderInterface
    ) -> [UInt8]? {
        guard let index = databases[id]?.firstMatch(fields, isOutbound: true) else {
            count(.policyMissing)
            interface.counters.drops += 1
            return nil
        }
        databases[id]!.count(index, octets: packet.count)
        switch databases[id]!.policies[index].action {
        case .bypass:
            count(.policyBypass)
            return packet
        case .discard:
            count(.policyDiscard)
            interface.counters.drops += 1
            return nil
        case .protect(let association):
            count(.policyProtect)
            let association = associations[association]
            let namesPorts = databases[id]!.policies[index].namesPorts
            let sealed = association.map { seal(packet, by: $0, namesPorts: namesPorts) } ?? []
            if sealed.isEmpty { interface.counters.drops += 1 }
            // Transport mode changes no address, so the way is the same; a tunnel's packet has a way of its own.
            if association?.settings.tunnel == nil { return sealed.first }
            for packet in sealed { originate(packet) }
            return nil
        }
    }

    /// An inbound packet: whether it goes on as it is. ESP that a policy protects is opened, and its inside goes on instead.
    ///
    /// What no policy names goes on, as with VPP; in clear, what should have been protected does not (RFC 4301 §5.2).
    func admits(_ packet: [UInt8], _ fields: PacketFields, _ id: UInt32, on interface: ForwarderInterface) -> Bool {
        if fields.ipProtocol == IPHeaders.ProtocolNumber.esp {
            guard let (index, association) = protection(packet, fields, id) else { return true }
            count(fields.version == 4 ? .inputReceived : .inputReceivedV6)
            databases[id]!.count(index, octets: packet.count)
            open(packet, fields, by: association, on: interface)
            return false
        }
        guard let index = databases[id]?.firstMatch(fields, isOutbound: false) else { return true }
        databases[id]!.count(index, octets: packet.count)
        if databases[id]!.policies[index].action == .bypass { return true }
        count(.inputDiscarded)
        interface.counters.drops += 1
        return false
    }

    /// The inbound policy that an ESP packet is for: by SPI and the outer addresses, which are the tunnel's, or in transport
    /// mode the policy's own.
    private func protection(
        _ packet: [UInt8], _ fields: PacketFields, _ id: UInt32
    ) -> (index: Int, association: ForwarderSA)? {
        guard let policies = databases[id]?.policies, packet.count >= fields.headerLength + 8 else { return nil }
        let spi = UInt32(packet.word(at: fields.headerLength)) << 16 | UInt32(packet.word(at: fields.headerLength + 2))
        for (index, policy) in policies.enumerated() where !policy.isOutbound {
            guard case .protect(let name) = policy.action, let association = associations[name],
                association.settings.spi == spi
            else { continue }
            if let tunnel = association.settings.tunnel {
                guard tunnel == .init(source: fields.source, destination: fields.destination) else { continue }
            } else {
                guard policy.local.contains(fields.destination), policy.remote.contains(fields.source) else {
                    continue
                }
            }
            return (index, association)
        }
        return nil
    }

    // MARK: ESP

    /// What becomes of a packet: none where it cannot go, more than one where a tunnel has no room for it and it may be cut,
    /// which is done before it is sealed (RFC 4301 §8.2). Where ports are named fragments may not go by the SA (§7.2): it is
    /// sealed whole then, as one whose options do not let it be cut, and what comes of it is cut on the way out.
    private func seal(_ packet: [UInt8], by association: ForwarderSA, namesPorts: Bool) -> [[UInt8]] {
        guard let mtu = exceededMTU(packet, association) else {
            return sealOne(packet, by: association).map { [$0] } ?? []
        }
        if !namesPorts, let fragments = cut(packet, mtu: mtu) {
            count(.fragmented)
            return fragments.compactMap { sealOne($0, by: association) }
        }
        if Self.mayBeCut(packet), association.settings.tunnel?.source.family == .v4,
            association.outbound.sealedLength(payloadLength: packet.count) + 28 <= 65535
        {
            return sealOne(packet, by: association).map { [$0] } ?? []
        }
        count(.tooLong)
        // RFC 1191 §4: who has not set DF has asked for no answer.
        if !Self.mayBeCut(packet) { sayTooBig(packet, mtu: mtu) }
        return []
    }

    private func sealOne(_ packet: [UInt8], by association: ForwarderSA) -> [UInt8]? {
        do throws(ESPError) {
            guard let tunnel = association.settings.tunnel else {
                var sealed = try association.seal(transport: packet)
                count(.espSealed)
                Self.setTimeToLive(&sealed)
                return sealed
            }
            let esp = try association.seal(tunnelled: packet)
            count(.espSealed)
            if let ports = association.settings.ports {
                // RFC 3948 §2.1: the checksum should be zero; over IPv6 it may not.
                return PacketBuilder.udp(
                    esp, from: Endpoint(tunnel.source, port: ports.local),
                    to: Endpoint(tunnel.destination, port: ports.remote), hasChecksum: false)
            }
            return PacketBuilder.header(
                IPHeaders.ProtocolNumber.esp, from: tunnel.source, to: tunnel.destination, payloadLength: esp.count,
                timeToLive: PacketBuilder.sealedTimeToLive) + esp
        } catch {
            if error == .sequenceExhausted { count(.sequenceCycled) }
            return nil
        }
    }

    /// VPP gives all that it seals the same time to live.
    private static func setTimeToLive(_ packet: inout [UInt8]) {
        if packet[0] >> 4 == 6 {
            packet[7] = PacketBuilder.sealedTimeToLive
        } else {
            packet[8] = PacketBuilder.sealedTimeToLive
            packet.setWord(0, at: 10)
            packet.setWord(packet.checksum(from: 0, to: Int(packet[0] & 15) * 4), at: 10)
        }
    }

    private func note(_ error: ESPError) {
        switch error {
        case .replayed, .stale: count(.replayed)
        case .integrity: count(.integrityFailed)
        default: count(.malformed)
        }
    }

    private func open(
        _ packet: [UInt8], _ fields: PacketFields, by association: ForwarderSA, on interface: ForwarderInterface
    ) {
        count(.espReceived)
        do throws(ESPError) {
            if association.settings.tunnel == nil {
                let plain = try association.open(transport: packet)
                guard let inner = PacketFields(plain) else { return interface.drop() }
                dispatchOpened(plain, inner, on: interface)
            } else {
                let (inner, nextHeader) = try association.open(tunnelled: packet[fields.headerLength...])
                inputInner(inner, nextHeader, on: interface)
            }
        } catch {
            note(error)
            interface.counters.drops += 1
        }
    }

    /// What was in transport mode has passed its policy: it is not looked up in the database again.
    private func dispatchOpened(_ packet: [UInt8], _ fields: PacketFields, on interface: ForwarderInterface) {
        switch lookUp(fields.destination) {
        case .own: receiveLocal(packet, fields, on: interface)
        case .out(let next, let nextHop): send(packet, fields, out: next, nextHop: nextHop)
        case .none: count(.noRoute)
        }
    }

    private func inputInner(_ inner: [UInt8], _ nextHeader: UInt8, on interface: ForwarderInterface) {
        let isTunnelled =
            nextHeader == IPHeaders.ProtocolNumber.ipv4 || nextHeader == IPHeaders.ProtocolNumber.ipv6
        guard isTunnelled, let fields = PacketFields(inner) else {
            // RFC 4303 §2.6: a dummy packet is dropped without a word.
            if nextHeader != IPHeaders.ProtocolNumber.noNextHeader { count(.noTunnel) }
            interface.counters.drops += 1
            return
        }
        // The database of the interface has judged the outside; the inside is a tunnel's.
        input(Array(inner[..<fields.totalLength]), on: interface, isOpened: true)
    }

    /// ESP to an address of ours that no policy has taken: a tunnel interface's.
    func receiveESP(
        _ esp: ArraySlice<UInt8>, from remote: IPAddress, to local: IPAddress, on interface: ForwarderInterface
    ) {
        guard esp.count >= 8 else { return interface.drop() }
        let spi = esp.prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        for tunnel in tunnels {
            guard let found = tunnel.inbound.first(where: { $0.association.settings.spi == spi }) else { continue }
            count(.espReceived)
            do throws(ESPError) {
                let (inner, nextHeader) = try found.association.open(tunnelled: esp)
                count(.tunnelReceived)
                tunnel.interface.counters.receivedPackets += 1
                tunnel.interface.counters.receivedOctets += UInt64(inner.count)
                guard tunnel.interface.isUp else { return tunnel.interface.drop() }
                inputInner(inner, nextHeader, on: tunnel.interface)
            } catch {
                note(error)
                interface.counters.drops += 1
            }
            return
        }
        count(.tunnelUnknown)
        interface.counters.drops += 1
    }

    /// Into a tunnel interface.
    func sendInto(_ interface: ForwarderInterface, _ packet: [UInt8]) {
        guard let tunnel = tunnels.first(where: { $0.interface === interface }) else { return interface.drop() }
        let sealed = seal(packet, by: tunnel.outbound, namesPorts: tunnel.outbound.settings.namesPorts)
        if sealed.isEmpty { return interface.drop() }
        interface.counters.sentPackets += 1
        interface.counters.sentOctets += UInt64(packet.count)
        for packet in sealed { originate(packet) }
    }

    // MARK: Child SAs

    /// A new Child SA is a new interface, down, unless it takes the place of another.
    package func install(_ child: ChildInstallation) throws(ForwarderError) {
        func association(_ direction: ESPDirection, from: IPAddress, to: IPAddress) throws(ForwarderError)
            -> ForwarderSA
        {
            var settings = ForwarderSA.Settings(
                id: 0, spi: direction.spi.value, encryption: child.suite.cipher.algorithm,
                keyBits: child.suite.cipher.keyBits, integrity: child.suite.integrity,
                encryptionKey: direction.encryptionKey, integrityKey: direction.integrityKey,
                tunnel: .init(source: from, destination: to))
            settings.usesESN = child.suite.extendedSequenceNumbers
            settings.replayWindow = child.replayWindow
            settings.namesPorts = (child.localSelectors + child.remoteSelectors).contains {
                !$0.isAnyPort && !$0.isOpaque
            }
            if case .udp(let local, let remote) = child.encapsulation { settings.ports = (local, remote) }
            return try ForwarderSA(settings)
        }
        let outbound = try association(child.outbound, from: child.local, to: child.remote)
        let inbound = try association(child.inbound, from: child.remote, to: child.local)
        if let replaced = child.replaces, let tunnel = tunnels.first(where: { $0.child == replaced }) {
            tunnel.outbound = outbound
            tunnel.child = child.child
            tunnel.inbound.insert((child.child, inbound), at: 0)
            return
        }
        var number = 0
        while interface(named: "ipsec\(number)") != nil { number += 1 }
        let made = add(.ipsec(local: child.local, remote: child.remote), name: "ipsec\(number)", mac: nil)
        tunnels.append(IPsecTunnel(interface: made, child: child.child, outbound: outbound, inbound: inbound))
    }

    package func remove(_ child: ChildSAID) {
        guard let tunnel = tunnels.first(where: { $0.inbound.contains { $0.child == child } }) else { return }
        tunnel.inbound.removeAll { $0.child == child }
        if tunnel.inbound.isEmpty {
            tunnels.removeAll { $0 === tunnel }
            delete(tunnel.interface)
        }
    }

    /// The tunnel that a Child SA is sent or heard by.
    package func tunnel(of child: ChildSAID) -> IPsecTunnel? {
        tunnels.first { $0.inbound.contains { $0.child == child } }
    }
}

extension Forwarder {
    /// The ends of a Child SA moved (RFC 7296 §2.23). All of VPP's are tunnels, whose selectors stay.
    package func follow(_ move: ChildMove) {
        guard let tunnel = tunnel(of: move.child) else { return }
        var ports: (local: UInt16, remote: UInt16)?
        if case .udp(let ours, let theirs) = move.encapsulation { ports = (ours, theirs) }
        for entry in tunnel.inbound where entry.child == move.child {
            entry.association.settings.tunnel = .init(source: move.remote, destination: move.local)
            entry.association.settings.ports = ports
        }
        guard tunnel.child == move.child else { return }
        tunnel.outbound.settings.tunnel = .init(source: move.local, destination: move.remote)
        tunnel.outbound.settings.ports = ports
    }
}
