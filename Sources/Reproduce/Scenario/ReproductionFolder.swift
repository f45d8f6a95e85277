import IKEWire
package import LinuxSystem
import NetAddress

/// Writes the scenario folder of a reproduction: both ends' configuration, scripts, a topology of its own, and what was found.
package struct ReproductionFolder {
    private let plan: ReproductionPlan
    private let diagnosis: Diagnosis
    private let steps: [ExpectedStep]
    private let sources: [String]

    /// The link that both ends are on.
    package static let link = "between"

    package init(_ plan: ReproductionPlan, _ account: Account, _ diagnosis: Diagnosis, steps: [ExpectedStep]) {
        (self.plan, self.diagnosis, self.steps) = (plan, diagnosis, steps)
        sources = account.inputs.map { "\($0.file), \($0.kind.rawValue)" }
    }

    /// Writes it anew.
    package func write(to folder: String) throws(SystemError) {
        try FileSystem.removeTree(folder)
        try FileSystem.makeDirectories(folder)
        for (name, text) in files { try FileSystem.write("\(folder)/\(name)", text) }
    }

    /// The folder's files by name.
    package var files: [String: String] {
        var files = [
            "description.txt": description, "reproduce.yaml": expectation, "topology.yaml": topology,
            "scenario.yaml": settings,
        ]
        for role in [Account.Role.responder, .initiator] {
            let host = role.rawValue
            let end = plan[role]
            files["\(role == .responder ? "01" : "02")-\(host)-start.sh"] = start(end, host)
            if end.dialect == .asa {
                files["asa.conf"] = asa(role)
                continue
            }
            if end.dialect == .ios {
                files["\(host).cfg"] = ios(role)
                continue
            }
            files["\(host).conf"] = end.dialect == .charon ? charon(role) : pluto(role)
            files["\(host).secrets"] = "\(identity(role)) \(identity(role.other)) : PSK \"\(end.secret)\"\n"
        }
        for role in [Account.Role.responder, .initiator] {
            if let rules = translation(of: role) { files["00-\(translator(of: role))-start.sh"] = rules }
        }
        files["03-initiator-up.sh"] = up
        for (index, action) in plan.actions.enumerated() {
            let (role, name, command) =
                switch action {
                case .rekeyChild(let role): (role, "ask", rekey("child", role))
                case .rekeyIKE(let role): (role, "ask", rekey("ike", role))
                case .down(let role): (role, "down", down(role))
                case .up: (.initiator, "up", up)
                }
            files["\(100 + index)-\(role.rawValue)-\(name).sh"] = command
        }
        return files
    }

    private func rekey(_ what: String, _ role: Account.Role) -> String {
        plan[role].dialect == .charon
            ? "swanctl --rekey --\(what) reproduction\n" : "ipsec whack --rekey-\(what) --name reproduction\n"
    }

    private func down(_ role: Account.Role) -> String {
        switch plan[role].dialect {
        case .libreswan, .charon: "ipsec down reproduction\n"
        case .asa: "asa vpn-sessiondb logoff tunnel-group \(plan[role.other].seen) noconfirm\n"
        case .ios: "ios clear crypto ikev2 sa\n"
        }
    }

    /// What brings the tunnel up: a command, or at a router a packet.
    private var up: String {
        switch plan[.initiator].dialect {
        case .libreswan: return "ipsec whack --impair timeout-on-retransmit\nipsec up reproduction\n"
        case .charon, .asa: return "ipsec up reproduction\n"
        case .ios:
            let addresses = [Account.Role.initiator, .responder].compactMap { inside($0)?.address }.map { "\($0)" }
            return "../../guestbin/ping-once.sh --forget -I \(addresses.joined(separator: " "))\n"
                + "../../guestbin/wait-for.sh --timeout 10 --match 'READY Event: EV_I_OK' -- cat /tmp/ios.log\n"
        }
    }

    private func start(_ end: ReproductionPlan.End, _ host: String) -> String {
        switch end.dialect {
        case .asa: return "asa --start asa.conf\n"
        case .ios: return "ios --start \(host).cfg\nios debug crypto ikev2 internal\n"
        case .charon:
            return "cp \(host).conf /etc/ipsec.conf\ncp \(host).secrets /etc/ipsec.secrets\nipsec start\n"
        case .libreswan:
            let needsV6 = end.address.family == .v6 || end.network.family == .v6
            return "../../guestbin/swan-prep --nokeys\(needsV6 ? " --46" : "")\nipsec start\n"
                + "../../guestbin/wait-until-pluto-started\nipsec add reproduction\nipsec whack --impair revival\n"
        }
    }

    // MARK: What it says of itself

    private var description: String {
        var lines = [diagnosis.headline, "", "Made by swantest reproduce from:"] + sources.map { "- \($0)" }
        if !diagnosis.evidence.isEmpty { lines += ["", "What shows it:"] + diagnosis.evidence.map { "- \($0)" } }
        if !diagnosis.consequences.isEmpty { lines += [""] + diagnosis.consequences }
        lines += ["", "NOT KNOWN, and chosen here:"] + plan.choices.map { "- \($0)" }
        if !plan.limits.isEmpty { lines += ["", "NOT THE SAME here:"] + plan.limits.map { "- \($0)" } }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The exchanges that have to come, and how they end.
    private var expectation: String {
        "# What the inputs show; swantest reproduce compares a run's decoded captures with it.\nexchanges:\n"
            + steps.map { "  - \($0.yaml)\n" }.joined()
    }

    private var settings: String {
        let names: [ReproductionPlan.Dialect: String] = [
            .asa: "asa", .charon: "charon", .ios: "ios",
        ]
        let list = [Account.Role.initiator, .responder].compactMap { role in
            names[plan[role].dialect].map { "\(role.rawValue): \($0)" }
        }
        let dialects = list.isEmpty ? "" : "dialects: {\(list.joined(separator: ", "))}\n"
        let translators = [Account.Role.initiator, .responder].filter { plan[$0].outside != nil }.map(translator)
        let hosts = ["initiator", "responder"] + translators
        let daemons = translators.map { "\($0): none" }.joined(separator: ", ")
        return "hosts: [\(hosts.joined(separator: ", "))]\n\(dialects)"
            + (daemons.isEmpty ? "" : "daemon: {\(daemons)}\n") + "tags: [reproduction]\ntimeout: 60\n"
    }

    // MARK: Topology

    /// An address of its network for the host itself; nil where that is the host, or everything. A router, whose tunnel carries
    /// everything, has a network of RFC 2544 behind it.
    private func inside(_ role: Account.Role) -> IPPrefix? {
        let end = plan[role]
        var network = end.network
        if plan[.initiator].dialect == .ios, network.length == 0 {
            network = IPPrefix(role == .initiator ? "198.18.0.0/24" : "198.18.1.0/24")!
        }
        guard network.length > 0, network.length < network.family.bitCount - 1, !network.contains(end.address) else {
            return nil
        }
        return IPPrefix(
            IPAddress(family: network.family, value: network.network.address.value + 1), length: network.length)
    }

    private var topology: String {
        let (one, two) = (plan[.initiator].seen, plan[.responder].seen)
        // As long a prefix as holds both, and leaves room for a network's own addresses.
        let different = one.value ^ two.value
        let bits = one.family.bitCount
        let common = bits - (128 - different.leadingZeroBitCount)
        let length = min(common, one.family == .v4 ? 24 : 64)
        var text = "description: both ends of a conversation that was read from logs\n"
        var links = [Self.link]
        var hosts = ""
        for role in [Account.Role.initiator, .responder] {
            let end = plan[role]
            hosts += "  \(role.rawValue):\n    interfaces:\n"
            let own = end.outside == nil ? Self.link : "to-\(translator(of: role))"
            hosts += "      eth0: {link: \(own), addresses: [\"\(end.address)/\(end.outside == nil ? length : 24)\"]}\n"
            if let inside = inside(role) {
                let link = "behind-\(role.rawValue.prefix(4))"
                links.append(link)
                hosts += "      eth1: {link: \(link), addresses: [\"\(inside.address)/\(inside.length)\"]}\n"
            }
            let peer = plan[role.other].seen
            if end.outside != nil {
                // The NAT's host is the way to everything.
                links.append(own)
                hosts += "    routes:\n      - {to: default, via: \"\(gateway(of: role))\"}\n"
                // Where it is of the same network by its address, too.
                hosts += "      - {to: \"\(IPPrefix(host: peer))\", via: \"\(gateway(of: role))\"}\n"
                hosts += "  \(translator(of: role)):\n    interfaces:\n"
                hosts += "      eth0: {link: \(Self.link), addresses: [\"\(end.seen)/\(length)\"]}\n"
                hosts += "      eth1: {link: \(own), addresses: [\"\(gateway(of: role))/24\"]}\n"
                hosts += "    routes:\n      - {to: \"\(IPPrefix(host: peer))\", dev: eth0}\n"
                hosts += "      - {to: \"\(IPPrefix(host: end.address))\", dev: eth1}\n"
                continue
            }
            // Where no prefix of use holds both, too.
            hosts += "    routes:\n      - {to: \"\(IPPrefix(host: peer))\", dev: eth0}\n"
            let behind =
                inside(role.other)?.network ?? (plan[role.other].network.length > 0 ? plan[role.other].network : nil)
            if let behind, behind.family == peer.family, !behind.contains(peer) {
                hosts += "      - {to: \"\(behind)\", via: \"\(peer)\"}\n"
            }
        }
        text += "links: [\(links.joined(separator: ", "))]\nhosts:\n\(hosts)"
        return text
    }

    // MARK: NAT

    private func translator(of role: Account.Role) -> String { role == .initiator ? "inat" : "rnat" }

    /// The address of the NAT's host behind which the end is: the first of its network that nobody else has.
    private func gateway(of role: Account.Role) -> IPAddress {
        let own = plan[role].address
        let taken = plan.ends.values.flatMap { [$0.address, $0.seen] }
        let network = IPPrefix(own, length: 24)!.network.address.value
        // Both ends have four addresses at most.
        let candidates = (1...5).map { IPAddress(family: own.family, value: network + $0) }
        return candidates.first { !taken.contains($0) } ?? candidates[4]
    }

    /// Who is behind it goes out by its address; what comes to IKE's ports goes in to a responder.
    private func translation(of role: Account.Role) -> String? {
        let end = plan[role]
        guard end.outside != nil else { return nil }
        var lines = [
            "nft add table ip nat", "nft 'add chain ip nat out { type nat hook postrouting priority 100; }'",
            "nft 'add rule ip nat out oifname eth0 masquerade'",
        ]
        if role == .responder {
            lines += [
                "nft 'add chain ip nat in { type nat hook prerouting priority -100; }'",
                "nft 'add rule ip nat in iifname eth0 udp dport { 500, 4500 } dnat to \(end.address)'",
            ]
        }
        return lines.joined(separator: "\n") + "\n"
    }

    // MARK: Configurations

    private func encapsulation(_ role: Account.Role) -> String {
        if plan[role].forcesEncapsulation { return "yes" }
        return plan.hasTranslation || plan[role.other].forcesEncapsulation ? "auto" : "no"
    }

    private func identity(_ role: Account.Role) -> String {
        let end = plan[role]
        // An ASA knows its peer by the address that it sees.
        guard let identity = end.identity else {
            return "\(plan[role.other].dialect == .asa ? end.seen : end.address)"
        }
        if IPAddress(identity) != nil || identity.contains("@") { return identity }
        return "@" + identity
    }

    private func pluto(_ role: Account.Role) -> String {
        let (end, peer) = (plan[role], plan[role.other])
        let ike = end.ike.compactMap(ProposalLine.ike)
        let esp = end.child.compactMap(ProposalLine.esp)
        let sequence = Set(end.child.flatMap { $0.transforms(of: .extendedSequenceNumbers).map(\.id) })
        let hasPFS = end.child.contains { !$0.groups.isEmpty }
        var lines = [
            "left=\(end.address)", "leftid=\(identity(role))", "leftsubnet=\(end.network)", "right=\(peer.seen)",
            "rightid=\(identity(role.other))", "rightsubnet=\(end.peerNetwork)", "authby=secret", "mobike=no",
            "encapsulation=\(encapsulation(role))", "weak-algorithms=yes", "pfs=\(hasPFS ? "yes" : "no")",
            "esn=\(sequence == [1] ? "yes" : sequence == [0, 1] ? "either" : "no")",
        ]
        if plan.isTransport { lines.append("type=transport") }
        if !ike.isEmpty { lines.append("ike=" + ike.joined(separator: ",")) }
        if !esp.isEmpty { lines.append("esp=" + esp.joined(separator: ",")) }
        return "config setup\n\tlogfile=/tmp/pluto.log\n\tlogtime=no\n\tplutodebug=all\n\nconn reproduction\n"
            + lines.map { "\t\($0)\n" }.joined()
    }

    private func charon(_ role: Account.Role) -> String {
        let (end, peer) = (plan[role], plan[role.other])
        func list(_ proposals: [LoggedProposal]) -> String {
            proposals.compactMap { ProposalLine.charon($0) }.joined(separator: ",") + "!"
        }
        let lines = [
            "left=\(end.address)", "leftid=\(identity(role))", "leftsubnet=\(end.network)", "leftauth=psk",
            "right=\(peer.seen)", "rightid=\(identity(role.other))", "rightsubnet=\(end.peerNetwork)",
            "rightauth=psk", "ike=\(list(end.ike))", "esp=\(list(end.child))", "mobike=no", "keyexchange=ikev2",
            "auto=add", "type=\(plan.isTransport ? "transport" : "tunnel")",
            "forceencaps=\(end.forcesEncapsulation ? "yes" : "no")",
        ]
        return "conn reproduction\n" + lines.map { "    \($0)\n" }.joined()
    }

    private func mask(_ prefix: IPPrefix) -> String {
        let ones: UInt128 = prefix.length == 0 ? 0 : UInt128(UInt32.max << UInt32(32 - prefix.length))
        return "\(prefix.network.address) \(IPAddress(family: .v4, value: ones))"
    }

    private func asa(_ role: Account.Role) -> String {
        let (end, peer) = (plan[role], plan[role.other])
        let groups = end.child.flatMap(\.groups)
        let esp = end.child.first ?? LoggedProposal(.esp)
        func words(_ proposal: LoggedProposal, _ type: TransformType, _ standard: String) -> String {
            let names = proposal.transforms(of: type).compactMap(ProposalLine.asa)
            return names.isEmpty ? standard : names.joined(separator: " ")
        }
        var lines = [
            "hostname responder", "interface GigabitEthernet0/0", " nameif OUTSIDE",
            " ip address \(end.address) 255.255.255.0", "logging enable",
            "access-list PROTECTED extended permit ip \(mask(end.network)) \(mask(end.peerNetwork))",
            "crypto ipsec ikev2 ipsec-proposal PROPOSAL",
            " protocol esp encryption \(words(esp, .encryption, "aes"))",
            " protocol esp integrity \(words(esp, .integrity, "null"))",
            "crypto map OUTSIDE-MAP 1 match address PROTECTED", "crypto map OUTSIDE-MAP 1 set peer \(peer.seen)",
            "crypto map OUTSIDE-MAP 1 set ikev2 ipsec-proposal PROPOSAL",
            "crypto map OUTSIDE-MAP 1 set ikev2 pre-shared-key \(end.secret)",
        ]
        if let group = groups.first { lines.append("crypto map OUTSIDE-MAP 1 set pfs group\(group)") }
        lines.append("crypto map OUTSIDE-MAP interface OUTSIDE")
        for (index, ike) in end.ike.enumerated() {
            lines += [
                "crypto ikev2 policy \(index + 1)", " encryption \(words(ike, .encryption, "aes"))",
                " integrity \(words(ike, .integrity, "null"))", " group \(words(ike, .keyExchange, "14"))",
                " prf \(words(ike, .prf, "sha256"))",
            ]
        }
        lines += [
            "crypto ikev2 enable OUTSIDE", "tunnel-group \(peer.seen) type ipsec-l2l",
            "tunnel-group \(peer.seen) ipsec-attributes",
            " ikev2 remote-authentication pre-shared-key \(end.secret)",
            " ikev2 local-authentication pre-shared-key \(end.secret)",
        ]
        return lines.joined(separator: "\n") + "\n"
    }

    private func ios(_ role: Account.Role) -> String {
        let (end, peer) = (plan[role], plan[role.other])
        let group = end.child.flatMap(\.groups).first.map { ["  set pfs group\($0)"] } ?? []
        let lines =
            [
                "hostname \(role.rawValue)", "interface Ethernet0/0", " ip address \(end.address) 255.255.255.0",
                "interface Tunnel0", " tunnel source Ethernet0/0", " tunnel mode ipsec ipv4",
                " tunnel destination \(peer.address)", " tunnel protection ipsec profile PROTECTION",
                "crypto ikev2 proposal PROPOSAL",
            ] + (ProposalLine.ios(end.ike[0]) ?? []) + [
                "crypto ikev2 policy POLICY", " proposal PROPOSAL", "crypto ikev2 keyring KEYS", " peer peer",
                "  address \(peer.address) 255.255.255.255", "  pre-shared-key local \(end.secret)",
                "  pre-shared-key remote \(end.secret)", "crypto ikev2 profile PROFILE",
                " match identity remote address 0.0.0.0", " authentication remote pre-share",
                " authentication local pre-share", " keyring local KEYS",
                "crypto ipsec transform-set SET \(ProposalLine.iosTransformSet(end.child[0]) ?? "")",
                "crypto ipsec profile PROTECTION", "  set transform-set SET", "  set ikev2-profile PROFILE",
            ] + group
        return lines.joined(separator: "\n") + "\n"
    }
}
