/// A cell with a VPP at swand's end: its interfaces are taken over, its network is a loopback, its commands are vppctl's.
extension CellScenario {
    var isVPP: Bool { if case .vpp = test.manner { true } else { false } }

    private static func range(_ subnet: String) -> String {
        let start = subnet.split(separator: "/")[0]
        return "ip-range \(start) - \(start.dropLast())255 port-range 0 - 65535 protocol 0"
    }

    /// The file of commands that it starts with. Only an initiator knows its responder, and with it algorithms of its own.
    func startup(_ form: VPPForm) -> String {
        var profile = [
            "auth shared-key-mic string \(test.secret)", "id local fqdn \(test.swandID)",
            "id remote fqdn \(test.peerID)", "traffic-selector local \(Self.range(ours.subnet))",
            "traffic-selector remote \(Self.range(theirs.subnet))",
        ]
        if cell.initiator == .swand {
            profile += [
                "responder host-eth1 \(theirs.address)", "ike-crypto-alg \(form.ike)", "esp-crypto-alg \(form.esp)",
            ]
        }
        return """
            create host-interface name eth1
            set interface state host-eth1 up
            set interface ip address host-eth1 \(ours.address)/24
            create loopback interface
            set interface state loop0 up
            set interface ip address loop0 \(ours.inside)/24
            ikev2 profile add w

            """ + (profile + form.further).map { "ikev2 profile set w \($0)\n" }.joined()
    }

    private func on(_ side: InteropSide, _ command: String, _ output: String...) -> Step {
        Step(host: side == .swand ? ours.host : theirs.host, command: command, output: output)
    }

    private static let waiting = "../../guestbin/wait-for.sh"

    /// The host's own stack has no business with VPP's addresses.
    var vppStart: [Step] {
        [
            on(.swand, "ip address flush dev eth0; ip address flush dev eth1"),
            on(.swand, "vpp unix { startup-config \(ours.host).vpp }; echo $?", "0"),
            on(.swand, "vppctl show ikev2 profile | grep -c '^profile w'", "1"),
        ]
    }

    /// What a Child SA's interface needs before it carries anything.
    private var tunnelInterface: [Step] {
        [
            on(.swand, "\(Self.waiting) --match ipsec0 -- vppctl show interface >OUTPUT/ours.up.txt; echo $?", "0"),
            on(.swand, "vppctl set interface state ipsec0 up"),
            on(.swand, "vppctl set interface unnumbered ipsec0 use host-eth1"),
            on(.swand, "vppctl ip route add \(theirs.subnet) via ipsec0"),
        ]
    }

    func vppSteps(of action: InteropCase.Action) -> [Step] {
        switch action {
        case .up where cell.initiator == .swand:
            return [on(.swand, "vppctl ikev2 initiate sa-init w")] + tunnelInterface
        case .up: return steps(of: action) + tunnelInterface
        case .upFails(_, _) where cell.initiator == .swand:
            // A refusal that nobody signed is waited out, 20 s (RFC 7296 §2.21.1).
            return [
                on(.swand, "vppctl ikev2 initiate sa-init w"),
                on(
                    .swand,
                    "\(Self.waiting) --match 'AUTH_FAILED\\|NO_PROPOSAL_CHOSEN\\|TS_UNACCEPTABLE\\|DELETED' -- "
                        + "vppctl show logging >OUTPUT/ours.up.txt; echo $?", "0"),
            ]
        // VPP's own ping has one length.
        case .ping(let count, let octets): return [ping(.peer, count, octets, from: theirs.inside, to: ours.inside)]
        case .compare:
            return [
                on(.peer, "swanctl --list-sas --raw >OUTPUT/peer.sas.txt"),
                on(.swand, "vppctl show ikev2 sa >OUTPUT/ours.view.txt"),
            ]
        case .rekeyChild(let side):
            return vppRekey("s/.* spi(i) \\([0-9a-f]*\\) .*/\\1/p", by: side, "rekey-child-sa", "child net")
        case .rekeyIKE(.peer): return vppRekey("s/.* ispi \\([0-9a-f]*\\) .*/\\1/p", by: .peer, "", "ike gw")
        case .delete(.swand):
            return [
                on(
                    .swand,
                    "vppctl ikev2 initiate del-sa $(vppctl show ikev2 sa | sed -n '1s/.*ispi \\([0-9a-f]*\\) .*/\\1/p')"
                )
            ]
        case .nothingLeft:
            return [
                on(.swand, "\(Self.waiting) --no-match iip -- vppctl show ikev2 sa"),
                on(.peer, "\(Self.waiting) --no-match ESTABLISHED -- swanctl --list-sas"),
            ]
        default: return steps(of: action)
        }
    }

    /// Waits until one SA stands in the place of the old one, alone.
    private func vppRekey(_ pattern: String, by side: InteropSide, _ ours: String, _ theirs: String) -> [Step] {
        let list = "vppctl show ikev2 sa | sed -n '\(pattern)' | sort -u"
        return [
            on(.swand, "old=$(\(list))"),
            side == .swand
                ? on(.swand, "vppctl ikev2 initiate \(ours) $old")
                : on(.peer, "swanctl --rekey --\(theirs) >OUTPUT/peer.rekey.txt 2>&1"),
            on(
                .swand,
                "until now=$(\(list)) && [ \"$now\" != \"$old\" ] && [ $(wc -w <<<\"$now\") = 1 ]; do sleep 0.02; done"),
        ]
    }
}
