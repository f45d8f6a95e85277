import DataPlane
import DialectKit
import IKECrypto
import IKEModel
import IKEWire
import NetAddress

/// What a router's `show` prints.
extension IOSDialect {
    func ikeListing(_ view: any DaemonView, isDetailed: Bool) -> String {
        let ikes = view.ikeSAs
        guard !ikes.isEmpty else { return "" }
        var text = " IPv4 Crypto IKEv2  SA \n\n"
        text += "Tunnel-id Local                 Remote                fvrf/ivrf            Status \n"
        for ike in ikes {
            func column(_ value: String, _ width: Int) -> String {
                value + String(repeating: " ", count: max(1, width - value.count))
            }
            text += column("\(sessions[ike.ike]?.number ?? 0)", 10)
            text += column("\(ike.local.address)/\(ike.local.port)", 22)
            text += column("\(ike.remote.address)/\(ike.remote.port)", 22) + column("none/none", 21)
            text += "\(ike.established == nil ? "IN-NEG" : "READY")  \n"
            if let suite = ike.suite {
                let hash = suite.integrity == .hmacSHA1_96 ? "SHA96" : AlgorithmWords.session(suite.integrity)
                text += "      Encr: \(AlgorithmWords.listing(suite.cipher)), Hash: \(hash), "
                text += "DH Grp:\(suite.keyExchange.rawValue), Auth sign: PSK, Auth verify: PSK\n"
            }
            let active = ike.established.map { (view.now.nanoseconds - $0.nanoseconds) / 1_000_000_000 } ?? 0
            let life = tunnel(ike.connection)?.ikeLifetimeSeconds ?? 86400
            text += "      Life/Active Time: \(life)/\(active) sec\n"
            if isDetailed { text += detail(ike) }
        }
        return text + "\n"
    }

    private func detail(_ ike: IKESnapshot) -> String {
        let isInitiator = ike.role == .initiator
        let own = Hexadecimal.upper((isInitiator ? ike.initiatorSPI : ike.responderSPI).value, width: 16)
        let theirs = Hexadecimal.upper((isInitiator ? ike.responderSPI : ike.initiatorSPI).value, width: 16)
        let session = sessions[ike.ike]
        let numbers = IOSPersona.entry(session?.number ?? 0)
        let tunnel = tunnel(ike.connection)
        let nat =
            switch (session?.localBehindNAT ?? false, session?.remoteBehindNAT ?? false) {
            case (false, false): "NAT-T is not detected"
            case (true, false): "NAT-T is detected  inside"
            case (_, true): "NAT-T is detected  outside"
            }
        let (sent, taken) = (ike.nextRequestID, ike.expectedRequestID)
        return """
                  CE id: \(numbers.connectionEntry), Session-id: \(numbers.sessionID)
                  Status Description: \(ike.established == nil ? "Negotiating" : "Negotiation done")
                  Local spi: \(own)       Remote spi: \(theirs)
                  Local id: \(ike.local.address)
                  Remote id: \(ike.remote.address)
                  Local req msg id:  \(sent)              Remote req msg id:  \(taken)
                  Local next msg id: \(sent)              Remote next msg id: \(taken)
                  Local req queued:  \(sent)              Remote req queued:  \(taken)
                  Local window:      \(session?.ownWindow ?? 1)              Remote window:      \(session?.peerWindow ?? 1)
                  DPD configured for \(tunnel?.deadPeerDelay ?? 0) seconds, retry \(tunnel?.deadPeerRetry ?? 0)
                  \(nat)
                  Cisco Trust Security SGT is disabled
                  Initiator of SA : \(isInitiator ? "Yes" : "No")

            """
    }

    func sessionListing(_ view: any DaemonView) -> String {
        var text = "Crypto session current status\n"
        for tunnel in tunnels {
            let children = view.childSAs.filter { $0.connection == tunnel.connection.id }
            let ikes = view.ikeSAs.filter { $0.connection == tunnel.connection.id && $0.established != nil }
            text += "\nInterface: \(tunnel.interface)\nSession status: \(children.isEmpty ? "DOWN" : "UP-ACTIVE")\n"
            guard case .address(let peer) = tunnel.connection.remote.host else { continue }
            text += "Peer: \(peer) port 500\n"
            for ike in ikes {
                text += "  IKEv2 SA: local \(ike.local.address)/\(ike.local.port) "
                text += "remote \(ike.remote.address)/\(ike.remote.port) Active\n"
            }
            text += "  IPSEC FLOW: permit ip 0.0.0.0/0.0.0.0 0.0.0.0/0.0.0.0\n"
            text += "    Active SAs: \(2 * children.count), origin: crypto map\n"
        }
        return text
    }

    func ipsecListing(_ view: any DaemonView) -> String {
        tunnels.map { tunnel in
            let children = view.childSAs.filter { $0.connection == tunnel.connection.id }
            return children.map { flow($0, tunnel, view) }.joined(separator: "\n")
        }.joined()
    }

    private func flow(_ child: ChildFacts, _ tunnel: IOSTunnel, _ view: any DaemonView) -> String {
        let counters = view.counters(of: child.child) ?? ChildCounters()
        let local = view.ikeSAs.first { $0.ike == child.ike }?.local.address
        let here = local.map { "\($0)" } ?? "?"
        let encaps = counters.outboundPackets
        let decaps = counters.inboundPackets
        let failures = counters.replays + counters.integrityFailures + counters.policyFailures
        let group = child.suite.keyExchange.map { "group\($0.rawValue)" }
        let outbound = Hexadecimal.upper(child.outbound.value, width: 1)
        return """

            interface: \(tunnel.interface)
                Crypto map tag: \(tunnel.interface)-head-0, local addr \(here)

               protected vrf: (none)
               local  ident (addr/mask/prot/port): (0.0.0.0/0.0.0.0/256/0)
               remote ident (addr/mask/prot/port): (0.0.0.0/0.0.0.0/256/0)
               current_peer \(child.remote.address) port \(child.remote.port)
                 PERMIT, flags={origin_is_acl,}
                #pkts encaps: \(encaps), #pkts encrypt: \(encaps), #pkts digest: \(encaps)
                #pkts decaps: \(decaps), #pkts decrypt: \(decaps), #pkts verify: \(decaps)
                #pkts compressed: 0, #pkts decompressed: 0
                #pkts not compressed: 0, #pkts compr. failed: 0
                #pkts not decompressed: 0, #pkts decompress failed: 0
                #send errors 0, #recv errors \(failures)

                 local crypto endpt.: \(here), remote crypto endpt.: \(child.remote.address)
                 path mtu 1500, ip mtu 1500, ip mtu idb \(tunnel.sourceInterface)
                 current outbound spi: 0x\(outbound)(\(child.outbound.value))
                 PFS (Y/N): \(group == nil ? "N" : "Y"), DH group: \(group ?? "none")

                 inbound esp sas:
            \(association(child, isInbound: true, tunnel, counters, view))
                 inbound ah sas:

                 inbound pcp sas:

                 outbound esp sas:
            \(association(child, isInbound: false, tunnel, counters, view))
                 outbound ah sas:

                 outbound pcp sas:

            """
    }

    private func association(
        _ child: ChildFacts, isInbound: Bool, _ tunnel: IOSTunnel, _ counters: ChildCounters, _ view: any DaemonView
    ) -> String {
        let spi = isInbound ? child.inbound : child.outbound
        let left = max(0, ((child.expires ?? view.now).nanoseconds - view.now.nanoseconds) / 1_000_000_000)
        // One number for the pair, as a router's: what the busier of the two has carried is off both.
        let carried = max(counters.inboundOctets, counters.outboundOctets)
        let kilobytes = max(0, tunnel.childKilobytes - Int((carried + 1023) / 1024))
        let number = IOSPersona.connection(childNumbers[child.child] ?? 0, isInbound: isInbound, child.role)
        return """
                  spi: 0x\(Hexadecimal.upper(spi.value, width: 1))(\(spi.value))
                    transform: \(AlgorithmWords.transform(child.suite)) ,
                    in use settings ={Tunnel, }
                    conn id: \(number), flow_id: SW:\(number), sibling_flags \(IOSPersona.siblingFlags), crypto map: \
            \(tunnel.interface)-head-0
                    sa timing: remaining key lifetime (k/sec): (\(kilobytes)/\(left))
                    IV size: \(child.suite.cipher.algorithm.ivLength) bytes
                    replay detection support: Y
                    Status: ACTIVE(ACTIVE)

            """
    }
}
