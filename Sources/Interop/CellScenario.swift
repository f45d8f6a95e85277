import LinuxSystem
import Scenario

/// The scenario folder of a cell: configuration of both ends, a script for each command, and what it must print.
package struct CellScenario {
    struct Step {
        let host: String
        let command: String
        let output: [String]
    }

    let cell: InteropCell
    var test: InteropCase { cell.test }
    var ours: InteropCell.Place { cell.swand }
    var theirs: InteropCell.Place { cell.peer }

    package init(_ cell: InteropCell) { self.cell = cell }

    /// The other end, in its own words.
    var peer: any PeerEnd {
        switch test.peer {
        case .strongswan: StrongSwanEnd(scenario: self)
        case .libreswan: LibreswanEnd(scenario: self)
        }
    }

    /// Writes it as a folder of the cell's name below `parent`; returns the folder.
    package func write(below parent: String, prefix: String? = nil) throws -> String {
        let folder = "\(parent)/\(cell.name)"
        try FileSystem.removeTree(folder)
        try FileSystem.makeDirectories(folder)
        for (name, text) in files(prefix: prefix) { try FileSystem.write("\(folder)/\(name)", text) }
        return folder
    }

    /// - Parameter prefix: where a build of the user's own is installed; nil for Debian's.
    private func files(prefix: String?) -> [String: String] {
        var files = [
            "description.txt": "\(test.about); \(cell.initiator == .swand ? "swand" : test.peer.title) initiates\n",
            "scenario.yaml": settings(prefix: prefix),
        ].merging(peer.files(prefix: prefix)) { first, _ in first }
        if case .vpp(let form) = test.manner {
            files["\(ours.host).vpp"] = startup(form)
        } else {
            files["\(ours.host).conf"] = connection
            files["\(ours.host).secrets"] = secrets
        }
        for (index, step) in steps.enumerated() {
            files["\(index + 100)-\(step.host)-do.sh"] = step.command + "\n"
            let console = "\(step.host).console.txt"
            let isFirst = files[console] == nil
            let lines = [(isFirst ? "" : " ") + step.command] + step.output + ["\(step.host) #"]
            files[console, default: ""] += lines.joined(separator: "\n") + "\n"
        }
        return files
    }

    // MARK: Configuration

    private func settings(prefix: String?) -> String {
        let daemon = prefix.map { "{kind: \(test.peer), prefix: \($0)}" } ?? test.peer.rawValue
        return """
            daemon: {\(ours.host): swand, \(theirs.host): \(daemon)\(cell.hasNAT ? ", nic: none" : "")}
            hosts: [\(ours.host), \(theirs.host)]\(isVPP ? "\ndialects: {\(ours.host): vpp}" : "")
            timeout: 30
            protected: [\(cell.protected.map { "\"\($0)\"" }.joined(separator: ", "))]

            """
                + (test.needsKernelESP ? "requires: [xfrm-esp]\n" : "")
                + (test.impairments.isEmpty
                    ? "" : "impairments:\n" + test.impairments.map { "  - \($0)\n" }.joined())
    }

    private var connection: String {
        let setup = ["logfile=/tmp/pluto.log", "logtime=no", "plutodebug=all"] + test.setup
        func conn(_ name: String, _ selectors: [String]) -> String {
            "\nconn \(name)\n" + (ends + selectors + test.conn).map { "\t\($0)\n" }.joined()
        }
        let ends =
            [
                "left=\(ours.address)", "leftid=@\(test.swandID)", "right=\(theirs.reachedAt)",
                "rightid=@\(test.peerID)", "auto=ignore", "mobike=\(test.mover == nil ? "no" : "yes")",
            ]
            + (test.certificates.map { ["leftcert=west", "leftsendcert=always", "authby=\($0.authby)"] } ?? [
                "authby=secret"
            ]) + eapOfSwand
        let second = InteropCell.second
        return "config setup\n" + setup.map { "\t\($0)\n" }.joined() + conn("w", selectors)
            + (test.hasSecond
                ? conn("w2", ["leftsubnet=\(second.swand.subnet)", "rightsubnet=\(second.peer.subnet)"]) : "")
    }

    /// What swand says of the networks of the first Child SA.
    private var selectors: [String] {
        if test.isTransport { return ["type=transport"] }
        return [
            test.addressGiver == .peer ? "leftmodecfgclient=yes" : "leftsubnet=\(ours.subnet)",
            test.addressGiver == .swand ? "rightaddresspool=\(cell.pool)" : "rightsubnet=\(theirs.subnet)",
        ]
    }

    private static let password = "correct horse"

    func password(_ eap: InteropCase.EAP, of side: InteropSide) -> String {
        cell.initiator == side ? eap.password : Self.password
    }

    /// swand's keys: the shared one, those of the case, a password where the peer asks for one.
    private var secrets: String {
        var lines = ["@\(test.swandID) @\(test.peerID) : PSK \"\(test.secret)\""] + test.swandSecrets
        if let eap = test.eap { lines.append("carol : EAP \"\(password(eap, of: .swand))\"") }
        return lines.map { $0 + "\n" }.joined()
    }

    /// Whoever initiates is the one that EAP is about.
    private var eapOfSwand: [String] {
        guard let eap = test.eap else { return [] }
        if eap.isAlone { return ["left", "right"].flatMap { ["\($0)auth=eaponly", "\($0)autheap=tls"] } }
        let end = cell.initiator == .swand ? "left" : "right"
        let name = eap.method == .tls ? [] : ["eap_identity=\(cell.initiator == .swand ? "carol" : "%identity")"]
        return ["\(end)auth=eap-\(eap.method.rawValue)"] + name
    }

    // MARK: Commands

    private var natCommands: [String] {
        let (inside, outside) = (InteropCell.insideNAT, InteropCell.outsideNAT)
        let filter = "tc filter add dev eth1"
        return cell.isNATStatic
            ? [
                "tc qdisc add dev eth1 clsact",
                "\(filter) egress protocol ip matchall action nat egress \(inside)/32 \(outside)",
                "\(filter) ingress protocol ip matchall action nat ingress \(outside)/32 \(inside)",
            ]
            : [
                "nft add table ip nat", "nft 'add chain ip nat out { type nat hook postrouting priority 100; }'",
                "nft 'add rule ip nat out oifname eth1 masquerade'",
            ]
    }

    private var steps: [Step] {
        var steps: [Step] = []
        if cell.hasNAT {
            let hidden = [ours, theirs].first { $0.host == "road" }?.inside ?? ""
            steps.append(Step(host: "road", command: "ip addr add \(hidden)/24 dev lo", output: []))
            steps += natCommands.map { Step(host: "nic", command: $0, output: []) }
        }
        if isVPP { return steps + vppStart + test.actions.flatMap(vppSteps) }
        let isV6 = test.family.isV6Outside || test.family.isV6Inside
        steps += [
            Step(
                host: ours.host, command: "../../guestbin/swan-prep --nokeys\(isV6 ? " --46" : "") >/dev/null",
                output: []
            )
        ]
        steps += peer.preparation + (test.certificates.map(credentials) ?? []) + peer.start
        steps += [
            Step(host: ours.host, command: "ipsec start >/dev/null", output: []),
            Step(host: ours.host, command: "../../guestbin/wait-until-pluto-started", output: []),
            Step(host: ours.host, command: "ipsec add w", output: ["\"w\": added IKEv2 connection"]),
        ]
        if test.hasSecond {
            let second = InteropCell.second
            steps += [
                Step(host: ours.host, command: "ipsec add w2", output: ["\"w2\": added IKEv2 connection"]),
                Step(host: ours.host, command: "ip addr add \(second.swand.inside)/24 dev lo", output: []),
                Step(host: theirs.host, command: "ip addr add \(second.peer.inside)/24 dev lo", output: []),
                Step(
                    host: ours.host, command: "ip route add \(second.peer.subnet) via \(theirs.address)", output: []),
                Step(
                    host: theirs.host, command: "ip route add \(second.swand.subnet) via \(ours.address)", output: []),
            ]
        }
        return steps + test.actions.flatMap(steps(of:))
    }

    /// Keys and certificates of both ends, each end's where it looks for them.
    private func credentials(_ certificates: InteropCase.Certificates) -> [Step] {
        let (make, folder) = ("../../guestbin/test-pki.sh OUTPUT/pki", "OUTPUT/pki")
        let issuer = certificates.hasMiddle ? " middle" : ""
        var ours = ["\(make) root"] + (certificates.hasMiddle ? ["\(make) authority middle"] : [])
        ours += ["west", "east"].map { "\(make) end \($0) \(certificates.kind)\(issuer)" }
        ours.append("ipsec import \(folder)/west.p12 -W foobar >/dev/null; echo $?")
        if certificates.isRevoked {
            ours.append("\(make) revoke \(cell.initiator == .swand ? "west" : "east")")
            if cell.initiator == .peer { ours.append("ipsec crlutil -I -i \(folder)/crl.pem") }
        }
        func steps(_ commands: [String], on host: String) -> [Step] {
            commands.map { Step(host: host, command: $0, output: $0.hasSuffix("echo $?") ? ["0"] : []) }
        }
        return steps(ours, on: self.ours.host) + steps(peer.credentials(certificates, folder: folder), on: theirs.host)
    }

    private func host(_ side: InteropSide) -> String { side == .swand ? ours.host : theirs.host }

    func steps(of action: InteropCase.Action) -> [Step] {
        func on(_ side: InteropSide, _ command: String, _ output: String...) -> Step {
            Step(host: host(side), command: command, output: output)
        }
        switch action {
        case .up:
            return cell.initiator == .swand
                ? [on(.swand, "ipsec up w >OUTPUT/ours.up.txt 2>&1; echo $?", "0")]
                : [on(.peer, "\(peer.up(isSecond: false)) >OUTPUT/peer.up.txt 2>&1; echo $?", "0")]
        case .attempt:
            return [
                on(
                    cell.initiator,
                    cell.initiator == .swand
                        ? "ipsec up w >OUTPUT/ours.up.txt 2>&1"
                        : "\(peer.up(isSecond: false)) >OUTPUT/peer.up.txt 2>&1")
            ]
        case .upSecond:
            return [
                cell.initiator == .swand
                    ? on(.swand, "ipsec up w2 >OUTPUT/ours.up2.txt 2>&1; echo $?", "0")
                    : on(.peer, "\(peer.up(isSecond: true)) >OUTPUT/peer.up2.txt 2>&1; echo $?", "0")
            ]
        case .pingSecond(let count):
            let second = InteropCell.second
            return [ping(.swand, count, 56, from: second.swand.inside, to: second.peer.inside)]
        case .upFails(let swand, let words):
            return cell.initiator == .swand
                ? [
                    on(
                        .swand, "ipsec up w >OUTPUT/ours.up.txt 2>&1; grep -q '\(swand)' OUTPUT/ours.up.txt; echo $?",
                        "0")
                ]
                : [
                    on(
                        .peer,
                        "\(peer.up(isSecond: false)) >OUTPUT/peer.up.txt 2>&1; grep -q '\(words)' OUTPUT/peer.up.txt; "
                            + "echo $?", "0")
                ]
        case .ping(let count, let octets):
            switch test.addressGiver {
            case .swand: return [ping(.peer, count, octets, from: nil, to: ours.inside)]
            case .peer: return [ping(.swand, count, octets, from: nil, to: theirs.inside)]
            case nil: return [ping(.swand, count, octets, from: ours.inside, to: theirs.inside)]
            }
        case .rekeyChild(let side): return rekey(side, child: true)
        case .rekeyIKE(let side): return rekey(side, child: false)
        case .compare:
            return [
                on(.peer, peer.view),
                on(.swand, "cp /tmp/pluto.log OUTPUT/ours.view.txt"),
            ]
        case .delete(.swand): return [on(.swand, "ipsec down w >OUTPUT/ours.down.txt 2>&1; echo $?", "0")]
        case .delete(.peer):
            return [on(.peer, "\(peer.down) >OUTPUT/peer.down.txt 2>&1; echo $?", "0")]
        case .nothingLeft:
            return [
                on(.swand, "../../guestbin/wait-for.sh --no-match ESTABLISHED -- ipsec showstates"),
                on(.peer, "../../guestbin/wait-for.sh --no-match ESTABLISHED -- \(peer.list)"),
            ]
        case .type(let side, let command, let output):
            return [
                Step(
                    host: host(side),
                    command: command.split(separator: "OUTPUT/log", omittingEmptySubsequences: false).joined(
                        separator: peer.log), output: output)
            ]
        }
    }

    /// One at a time: behind the last of several, ping waits for two round trips and no longer, which a busy machine does
    /// not always keep to.
    /// - Parameter source: nil for the one that the host takes by itself.
    func ping(_ side: InteropSide, _ count: Int, _ octets: Int, from source: String?, to address: String)
        -> Step
    {
        let one = "ping -n -q -W 3 -c 1 -s \(octets) \(source.map { "-I \($0) " } ?? "")\(address)"
        return Step(
            host: host(side), command: "for i in {1..\(count)}; do \(one); done | grep -c ' 1 received'",
            output: ["\(count)"])
    }

    /// Replaces an SA and waits until one stands in its place, alone.
    private func rekey(_ side: InteropSide, child: Bool) -> [Step] {
        let state = child ? "ESTABLISHED_CHILD_SA" : "ESTABLISHED_IKE_SA"
        let list = "ipsec showstates | grep \(state) | grep -o '^#[0-9]*'"
        let command =
            side == .swand
            ? "ipsec whack --rekey-\(child ? "child" : "ike") --name w >OUTPUT/ours.rekey.txt 2>&1"
            : "\(peer.rekey(isChild: child)) >OUTPUT/peer.rekey.txt 2>&1"
        return [
            Step(host: ours.host, command: "old=$(\(list))", output: []),
            Step(host: host(side), command: command, output: []),
            Step(
                host: ours.host,
                command: "until now=$(\(list)) && [ \"$now\" != \"$old\" ] && [ $(wc -w <<<\"$now\") = 1 ]; "
                    + "do sleep 0.02; done", output: []),
        ]
    }
}
