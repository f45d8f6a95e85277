import Scenario

/// strongSwan as the other daemon: charon, which the run starts, and swanctl.
struct StrongSwanEnd: PeerEnd {
    let scenario: CellScenario

    func files(prefix: String?) -> [String: String] {
        [
            "\(theirs.host).swanctl.conf": connections,
            "\(theirs.host).strongswan.conf":
                "charon {\n\(peerSettings(prefix: prefix).map { "    \($0)\n" }.joined())}\n",
        ]
    }

    var log: String { "OUTPUT/\(theirs.host).charon.log" }
    func up(isSecond: Bool) -> String { "swanctl --initiate --child \(isSecond ? "net2" : "net")" }
    func rekey(isChild: Bool) -> String { "swanctl --rekey --\(isChild ? "child net" : "ike gw")" }
    var down: String { "swanctl --terminate --ike gw" }
    var list: String { "swanctl --list-sas" }
    var view: String { "swanctl --list-sas --raw >OUTPUT/peer.sas.txt" }

    func credentials(_ certificates: InteropCase.Certificates, folder: String) -> [String] {
        var commands = [
            "cp \(folder)/root.crt \(certificates.hasMiddle ? "\(folder)/middle.crt " : "")/etc/swanctl/x509ca/",
            "cp \(folder)/east.crt /etc/swanctl/x509/; cp \(folder)/east.key /etc/swanctl/private/",
        ]
        if certificates.isRevoked, cell.initiator == .swand {
            commands.append("cp \(folder)/crl.pem /etc/swanctl/x509crl/")
        }
        return commands + ["swanctl --load-creds >/dev/null 2>&1; echo $?"]
    }

    // MARK: Configuration

    private func peerSettings(prefix: String?) -> [String] {
        let plugins =
            StrongSwanInstallation(prefix: prefix).pluginsToLoad.filter {
                !test.needsKernelESP || $0 != "kernel-libipsec"
            } + test.peerPlugins
        let isStandard = !test.needsKernelESP && test.peerPlugins.isEmpty
        return (isStandard ? [] : ["load = \(plugins.joined(separator: " "))"]) + test.peerSettings
    }

    private var connections: String {
        var connection = [
            "version = 2", "mobike = \(test.mover == nil ? "no" : "yes")",
            "local_addrs = \(test.mover == .peer ? "%any" : theirs.address)", "remote_addrs = \(ours.reachedAt)",
        ]
        if test.addressGiver == .peer { connection.append("pools = lent") }
        if test.addressGiver == .swand { connection.append("vips = \(test.family.isV6Inside ? "::" : "0.0.0.0")") }
        connection += (test.ike.map { ["proposals = \($0)"] } ?? []) + test.peerConnection
        // Where nothing is said of selectors, they are the address that is given or, without one, the host's own.
        var networks: [String] = []
        if !test.isTransport, test.addressGiver != .swand {
            networks.append("local_ts = \(test.peerOwnSubnet ?? theirs.subnet)")
        }
        if !test.isTransport, test.addressGiver != .peer { networks.append("remote_ts = \(ours.subnet)") }
        let more = (test.isTransport ? ["mode = transport"] : []) + (test.esp.map { ["esp_proposals = \($0)"] } ?? [])
        let pair = InteropCell.second
        let second = ["local_ts = \(pair.peer.subnet)", "remote_ts = \(pair.swand.subnet)"]
        func section(_ name: String, _ lines: [String]) -> String {
            "            \(name) {\n\(indented(lines, 4))            }\n"
        }
        let children =
            section("net", networks + more + test.peerChild)
            + (test.hasSecond ? section("net2", second + more + test.peerChild) : "")
        let pools = test.addressGiver == .peer ? "pools {\n    lent {\n        addrs = \(cell.pool)\n    }\n}\n" : ""
        return """
            connections {
                gw {
            \(indented(connection, 2))        local {
            \(indented(method(of: .peer), 3))            id = \(test.peerID)
                    }
                    remote {
            \(indented(method(of: .swand), 3))            id = \(test.swandID)
                    }
                    children {
            \(children)        }
                }
            }
            secrets {
                ike-1 {
                    secret = "\(test.peerSecret ?? test.secret)"
                }
            \(indented(test.peerSecrets, 1))\(eapSecret)}

            """ + pools
    }

    private var eapSecret: String {
        guard let eap = test.eap, eap.method == .mschapV2 else { return "" }
        return "    eap-1 {\n        id = carol\n        secret = \"\(scenario.password(eap, of: .peer))\"\n    }\n"
    }

    /// `auth` and what belongs to it, of an end in strongSwan's configuration.
    private func method(of side: InteropSide) -> [String] {
        guard let eap = test.eap, eap.isAlone || cell.initiator == side else {
            return ["auth = \(test.certificates == nil ? "psk" : "pubkey")"]
        }
        guard eap.method == .mschapV2 else { return ["auth = eap-tls"] }
        return ["auth = eap-mschapv2", "eap_id = \(side == .peer ? "carol" : "%any")"]
    }

    private func indented(_ lines: [String], _ depth: Int) -> String {
        lines.map { String(repeating: "    ", count: depth) + $0 + "\n" }.joined()
    }
}
