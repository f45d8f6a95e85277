import DataPlane
import DialectKit
import IKECrypto
import IKEModel
import NetAddress

/// What `show` prints. Of `show vpn-sessiondb` and `show crypto ikev2 sa` no document of the time is at hand: they are in an
/// ASA's form, and their fields are true.
extension ASADialect {
    // MARK: show crypto ipsec sa

    func ipsecListing(_ view: any DaemonView) -> String {
        let children = view.childSAs.filter { tunnel($0.connection) != nil }
        guard !children.isEmpty else { return "\nThere are no ipsec sas\n" }
        // One that has been replaced is still there until the peer deletes it; the newest of a tunnel speaks for it.
        let names = Set(children.map(\.connection)).sorted()
        var text = ""
        var lastInterface = ""
        for name in names {
            guard let tunnel = tunnel(name) else { continue }
            let own = children.filter { $0.connection == name }.sorted { $0.child > $1.child }
            if tunnel.entry.interface.name != lastInterface {
                lastInterface = tunnel.entry.interface.name
                text += "interface: \(lastInterface)\n"
            }
            text += own.map { flow($0, tunnel, view) }.joined(separator: "\n")
        }
        return text
    }

    private func flow(_ child: ChildFacts, _ tunnel: ASATunnel, _ view: any DaemonView) -> String {
        let entry = tunnel.entry
        let counters = view.counters(of: child.child) ?? ChildCounters()
        let ike = view.ikeSAs.first { $0.ike == child.ike }
        let local = ASAText.network(child.localSelectors.first)
        let remote = ASAText.network(child.remoteSelectors.first)
        let encaps = counters.outboundPackets
        let decaps = counters.inboundPackets
        let failures = counters.replays + counters.integrityFailures + counters.policyFailures
        return """
                Crypto map tag: \(entry.map), seq num: \(entry.sequence), local addr: \(entry.interface.address)

                  access-list \(entry.accessList) extended permit ip \(local.plain) \(remote.plain)
                  local ident (addr/mask/prot/port): (\(local.ident))
                  remote ident (addr/mask/prot/port): (\(remote.ident))
                  current_peer: \(child.remote.address)

                  #pkts encaps: \(encaps), #pkts encrypt: \(encaps), #pkts digest: \(encaps)
                  #pkts decaps: \(decaps), #pkts decrypt: \(decaps), #pkts verify: \(decaps)
                  #pkts compressed: 0, #pkts decompressed: 0
                  #pkts not compressed: \(encaps), #pkts comp failed: 0, #pkts decomp failed: 0
                  #pre-frag successes: 0, #pre-frag failures: 0, #fragments created: 0
                  #PMTUs sent: 0, #PMTUs rcvd: 0, #decapsulated frgs needing reassembly: 0
                  #TFC rcvd: 0, #TFC sent: 0
                  #Valid ICMP Errors rcvd: 0, #Invalid ICMP Errors rcvd: 0
                  #send errors: 0, #recv errors: \(failures)

                  local crypto endpt.: \(entry.interface.address)/\(ike?.local.port ?? 500), \
            remote crypto endpt.: \(child.remote.address)/\(child.remote.port)
                  path mtu 1500, ipsec overhead \(ASAText.overhead(child.suite)), media mtu 1500
                  PMTU time remaining (sec): 0, DF policy: copy-df
                  ICMP error validation: disabled, TFC packets: disabled
                  current outbound spi: \(Hexadecimal.upper(child.outbound.value, width: 8))
                  current inbound spi : \(Hexadecimal.upper(child.inbound.value, width: 8))

                inbound esp sas:
            \(association(child, tunnel, isInbound: true, octets: counters.inboundOctets, view))\
                outbound esp sas:
            \(association(child, tunnel, isInbound: false, octets: counters.outboundOctets, view))
            """
    }

    private func association(
        _ child: ChildFacts, _ tunnel: ASATunnel, isInbound: Bool, octets: UInt64, _ view: any DaemonView
    ) -> String {
        let spi = isInbound ? child.inbound : child.outbound
        let state = view.saStates.first { $0.installation.child == child.child && $0.isInbound == isInbound }
        let words = (state?.replayBitmap ?? []) + [0, 0]
        // Outbound there is nothing to check: an ASA shows the first packet.
        let bitmap = isInbound ? [words[1], words[0]] : [0, 1]
        let left = max(0, Int64(tunnel.kilobytes) - Int64(octets / 1024))
        let seconds = max(0, (child.expires ?? view.now).nanosecondCount(since: view.now) / 1_000_000_000)
        let iv = child.suite.cipher.algorithm.ivLength
        return """
                  spi: 0x\(Hexadecimal.upper(spi.value, width: 8)) (\(spi.value))
                     SA State: active
                     transform: \(AlgorithmWords.transform(child.suite)) no compression
                     in use settings ={L2L, Tunnel, \
            \(child.suite.keyExchange.map { "PFS Group \($0.rawValue), " } ?? "")IKEv2, }
                     slot: 0, conn_id: \(4096 * (sessions[child.ike]?.number ?? 0)), crypto-map: \(tunnel.entry.map)
                     sa timing: remaining key lifetime (kB/sec): (\(left)/\(seconds))
                     IV size: \(iv) bytes
                     replay detection support: \(tunnel.connection.replayWindow > 0 ? "Y" : "N")
                     Anti replay bitmap:
                      \(bitmap.map { "0x" + Hexadecimal.upper($0, width: 8) }.joined(separator: " "))

            """
    }

    // MARK: show crypto ikev2 sa

    func ikeListing(_ view: any DaemonView) -> String {
        let ikes = view.ikeSAs
        guard !ikes.isEmpty else { return "\nThere are no IKEv2 SAs\n" }
        return ikes.map { ike in
            let session = sessions[ike.ike]
            let status = ike.established == nil ? "IN-NEG" : "UP-ACTIVE"
            var text = "IKEv2 SAs:\n\nSession-id:\(session?.number ?? 0), Status:\(status), IKE count:1, "
            text += "CHILD count:\(ike.children.count)\n\n"
            text += "Tunnel-id Local                Remote                Status         Role\n"
            text += "\(session?.number ?? 0) \(ike.local.address)/\(ike.local.port) "
            text += "\(ike.remote.address)/\(ike.remote.port) \(ike.established == nil ? "IN-NEG" : "READY") "
            text += ike.role == .initiator ? "INITIATOR\n" : "RESPONDER\n"
            if let suite = ike.suite {
                text += "      Encr: \(AlgorithmWords.listing(suite.cipher)), Hash: "
                text += "\(AlgorithmWords.session(suite.integrity)), DH Grp:\(suite.keyExchange.rawValue), "
                text += "Auth sign: PSK, Auth verify: PSK\n"
            }
            let active = ike.established.map { view.now.nanosecondCount(since: $0) / 1_000_000_000 } ?? 0
            text += "      Life/Active Time: \(settings.ikePolicies.lifetimeSeconds)/\(active) sec\n"
            for child in view.childSAs where child.ike == ike.ike {
                text += "Child sa: local selector  \(ASAText.range(child.localSelectors.first))\n"
                text += "          remote selector \(ASAText.range(child.remoteSelectors.first))\n"
                text += "          ESP spi in/out: 0x\(child.inbound)/0x\(child.outbound)\n"
            }
            return text
        }.joined(separator: "\n")
    }

    // MARK: show vpn-sessiondb detail l2l

    func sessionListing(_ view: any DaemonView) -> String {
        let ikes = view.ikeSAs.filter { $0.established != nil }
        guard !ikes.isEmpty else { return "INFO: There are presently no active sessions of the type specified\n" }
        return "\nSession Type: LAN-to-LAN Detailed\n" + ikes.map { session($0, view) }.joined()
    }

    private func session(_ ike: IKESnapshot, _ view: any DaemonView) -> String {
        let number = sessions[ike.ike]?.number ?? 0
        let children = view.childSAs.filter { $0.ike == ike.ike }
        let counters = children.compactMap { view.counters(of: $0.child) }
        let seconds = ike.established.map { view.now.nanosecondCount(since: $0) / 1_000_000_000 } ?? 0
        let life = settings.ikePolicies.lifetimeSeconds
        let cipher = ike.suite.map { AlgorithmWords.session($0.cipher) } ?? "none"
        let hash = ike.suite.map { AlgorithmWords.session($0.integrity) } ?? "none"
        let esp = children.first?.suite
        let pair = ASAText.pair
        var text = """

            Connection   : \(ike.remote.address)
            \(pair("Index        : \(number)", "IP Addr      : \(ike.remote.address)"))
            Protocol     : IKEv2 IPsec
            Encryption   : IKEv2: (1)\(cipher)  IPsec: (1)\(esp.map { AlgorithmWords.session($0.cipher) } ?? "none")
            Hashing      : IKEv2: (1)\(hash)  IPsec: (1)\(esp.map { AlgorithmWords.session($0.integrity) } ?? "none")
            \(pair("Bytes Tx     : \(counters.reduce(0) { $0 + $1.outboundOctets })", "Bytes Rx     : \(counters.reduce(0) { $0 + $1.inboundOctets })"))
            Login Time   : \(CalendarText(logins[ike.ike] ?? 0).text("%T UTC %a %b %e %Y"))
            Duration     : \(ASAText.span(seconds))

            IKEv2 Tunnels: 1
            IPsec Tunnels: \(children.count)

            IKEv2:
              Tunnel ID    : \(number).1
              \(pair("UDP Src Port : \(ike.local.port)", "UDP Dst Port : \(ike.remote.port)"))
              Rem Auth Mode: preSharedKeys
              Loc Auth Mode: preSharedKeys
              \(pair("Encryption   : \(cipher)", "Hashing      : \(hash)"))
              \(pair("Rekey Int (T): \(life) Seconds", "Rekey Left(T): \(max(0, Int64(life) - seconds)) Seconds"))
              \(pair("PRF          : \(ike.suite.map { AlgorithmWords.session($0.prf) } ?? "none")", "D/H Group    : \(ike.suite?.keyExchange.rawValue ?? 0)"))

            """
        for (index, child) in children.enumerated() {
            text += tunnelListing(child, "\(number).\(index + 2)", view)
        }
        return text
    }

    private func tunnelListing(_ child: ChildFacts, _ number: String, _ view: any DaemonView) -> String {
        let tunnel = tunnel(child.connection)
        let counters = view.counters(of: child.child) ?? ChildCounters()
        let seconds = settings.lifetimesOrNil(tunnel?.entry)?.seconds ?? 0
        let left = max(0, (child.expires ?? view.now).nanosecondCount(since: view.now) / 1_000_000_000)
        let kilobytes = tunnel?.kilobytes ?? 0
        let carried = Int64(max(counters.inboundOctets, counters.outboundOctets) / 1024)
        let pair = ASAText.pair
        return """

            IPsec:
              Tunnel ID    : \(number)
              Local Addr   : \(ASAText.network(child.localSelectors.first).ident)
              Remote Addr  : \(ASAText.network(child.remoteSelectors.first).ident)
              \(pair("Encryption   : \(AlgorithmWords.session(child.suite.cipher))", "Hashing      : \(AlgorithmWords.session(child.suite.integrity))"))
              \(pair("Encapsulation: Tunnel", child.suite.keyExchange.map { "PFS Group    : \($0.rawValue)" } ?? ""))
              \(pair("Rekey Int (T): \(seconds) Seconds", "Rekey Left(T): \(left) Seconds"))
              \(pair("Rekey Int (D): \(kilobytes) K-Bytes", "Rekey Left(D): \(max(0, Int64(kilobytes) - carried)) K-Bytes"))
              \(pair("Bytes Tx     : \(counters.outboundOctets)", "Bytes Rx     : \(counters.inboundOctets)"))
              \(pair("Pkts Tx      : \(counters.outboundPackets)", "Pkts Rx      : \(counters.inboundPackets)"))

            """
    }
}

extension ASASettings {
    fileprivate func lifetimesOrNil(_ entry: MapEntry?) -> (seconds: Int, kilobytes: Int)? { entry.map(lifetimes) }
}

extension Instant {
    /// Negative where it lies before.
    fileprivate func nanosecondCount(since other: Instant) -> Int64 { nanoseconds - other.nanoseconds }
}

extension AlgorithmWords {
    /// `AES-CBC, keysize: 128`.
    static func listing(_ cipher: CipherChoice) -> String {
        let name =
            switch cipher.algorithm {
            case .aesCBC: "AES-CBC"
            case .aesGCM16: "AES-GCM"
            case .tripleDES: "3DES"
            default: cipher.algorithm.name
            }
        return cipher.keyBits == 0 ? name : "\(name), keysize: \(cipher.keyBits)"
    }
}

extension ASAText {
    /// `10.0.0.0 255.0.0.0`, and `10.0.0.0/255.0.0.0/0/0`.
    static func network(_ selector: TrafficSelector?) -> (plain: String, ident: String) {
        guard let selector else { return ("any4", "0.0.0.0/0.0.0.0/0/0") }
        let mask = mask(selector.addresses)
        let port = selector.isAnyPort ? 0 : selector.startPort
        return (
            "\(selector.addresses.first) \(mask)",
            "\(selector.addresses.first)/\(mask)/\(selector.ipProtocol)/\(port)"
        )
    }

    private static func mask(_ range: IPRange) -> IPAddress {
        IPAddress(
            family: range.family, value: IPAddress.greatest(range.family).value ^ (range.first.value ^ range.last.value)
        )
    }

    /// `10.0.0.0/0 - 10.255.255.255/65535`.
    static func range(_ selector: TrafficSelector?) -> String {
        guard let selector else { return "any" }
        return "\(selector.addresses.first)/\(selector.startPort) - \(selector.addresses.last)/\(selector.endPort)"
    }

    /// Octets that ESP adds to a packet at most: outer header, ESP header, IV, check value, padding; and those before the
    /// packet.
    static func overhead(_ suite: ESPSuite) -> String {
        let cipher = suite.cipher.algorithm
        let before = 20 + 8 + cipher.ivLength
        let check = cipher.isAEAD ? cipher.icvLength : suite.integrity.icvLength
        return "\(before + check + 2 + cipher.blockLength)(\(before))"
    }

    /// Two columns.
    static func pair(_ left: String, _ right: String) -> String {
        guard !right.isEmpty else { return left }
        return left + String(repeating: " ", count: max(1, 38 - left.count)) + right
    }

    /// `0h:05m:33s`.
    static func span(_ seconds: Int64) -> String {
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(seconds / 3600)h:\(two(seconds / 60 % 60))m:\(two(seconds % 60))s"
    }
}
