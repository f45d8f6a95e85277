/// libreswan as the other daemon: pluto, which the scenario starts, and ESP by the kernel.
struct LibreswanEnd: PeerEnd {
    let scenario: CellScenario

    func files(prefix: String?) -> [String: String] {
        ["\(theirs.host).conf": connections, "\(theirs.host).secrets": secrets]
    }

    var log: String { "/tmp/pluto.log" }
    func up(isSecond: Bool) -> String { "ipsec up \(isSecond ? "w2" : "w")" }
    func rekey(isChild: Bool) -> String { "ipsec whack --rekey-\(isChild ? "ipsec" : "ike") --name w" }
    var down: String { "ipsec down w" }
    var list: String { "ipsec showstates" }

    var view: String {
        "(ipsec whack --status; grep '^\"w.* {cipher=\\|ike_spis@.* added to' /tmp/pluto.log; ip xfrm state; "
            + "ip xfrm policy) >OUTPUT/peer.sas.txt"
    }

    private func step(_ command: String, _ output: String...) -> CellScenario.Step {
        CellScenario.Step(host: theirs.host, command: command, output: output)
    }

    var preparation: [CellScenario.Step] {
        let isV6 = test.family.isV6Outside || test.family.isV6Inside
        return [step("../../guestbin/swan-prep --nokeys\(isV6 ? " --46" : "") >/dev/null")]
    }

    var start: [CellScenario.Step] {
        let add = (test.hasSecond ? ["w", "w2"] : ["w"]).map { " && ipsec add \($0) >>OUTPUT/peer.add.txt 2>&1" }
        return [
            step("ipsec start >/dev/null && ../../guestbin/wait-until-pluto-started\(add.joined()); echo $?", "0")
        ]
    }

    func credentials(_ certificates: InteropCase.Certificates, folder: String) -> [String] {
        let (store, quiet) = ("-d sql:/var/lib/ipsec/nss", ">/dev/null 2>&1; echo $?")
        var commands = [
            "certutil -A \(store) -n root -t CT,, -i \(folder)/root.crt \(quiet)",
            "pk12util -i \(folder)/east.p12 \(store) -W foobar \(quiet)",
        ]
        if certificates.isRevoked, cell.initiator == .swand {
            commands.append(
                "openssl crl -in \(folder)/crl.pem -outform DER -out /tmp/crl.der; crlutil -I \(store) -i /tmp/crl.der \(quiet)"
            )
        }
        return commands
    }

    // MARK: Configuration

    private var connections: String {
        let setup = ["logfile=/tmp/pluto.log", "logtime=no", "logappend=no", "dumpdir=/tmp", "plutodebug=all"]
        func section(_ name: String, _ lines: [String]) -> String {
            "\(name)\n" + lines.map { "\t\($0)\n" }.joined()
        }
        let pair = InteropCell.second
        return section("config setup", setup + test.peerSettings) + "\n" + section("conn w", ends + selectors + further)
            + (test.hasSecond
                ? "\n"
                    + section(
                        "conn w2",
                        ends + ["leftsubnet=\(pair.peer.subnet)", "rightsubnet=\(pair.swand.subnet)"] + further)
                : "")
    }

    /// Its script for routes, firewalls and addresses takes seconds in user-mode Linux; here it has work only with an address.
    private var script: [String] { test.addressGiver == .swand ? [] : ["leftupdown=%disabled"] }

    private var further: [String] {
        script + (test.ike.map { ["ike=\($0)"] } ?? []) + (test.esp.map { ["esp=\($0)"] } ?? []) + test.peerConnection
    }

    private var ends: [String] {
        // It speaks MOBIKE with one that may be anywhere alone.
        let other = test.mover == .swand ? "%any" : ours.reachedAt
        return [
            "left=\(theirs.address)", "leftid=@\(test.peerID)", "right=\(other)", "rightid=@\(test.swandID)",
            "ikev2=yes", "auto=ignore", "mobike=\(test.mover == nil ? "no" : "yes")",
        ] + authentication
    }

    private var authentication: [String] {
        guard let certificates = test.certificates else { return ["authby=secret"] }
        let own = ["leftcert=east", "leftsendcert=always"]
        if let eap = test.eap {
            // Who has a signature of its own is told of EAP all the same, or it is "not allowed".
            return own + ["leftauth=\(eap.isAlone ? "eaponly" : "rsasig")", "leftautheap=tls"]
                + ["rightauth=eaponly", "rightautheap=tls"]
        }
        return own + ["authby=\(certificates.authby)"]
    }

    private var selectors: [String] {
        if test.isTransport { return ["type=transport"] }
        let own = "leftsubnet=\(test.peerOwnSubnet ?? theirs.subnet)"
        switch test.addressGiver {
        case .peer: return [own, "leftmodecfgserver=yes", "rightmodecfgclient=yes", "rightaddresspool=\(cell.pool)"]
        case .swand:
            // Only so it asks for whatever address it will get.
            let any = test.family.isV6Inside ? "::/0" : "0.0.0.0/0"
            return [
                "leftmodecfgclient=yes", "leftsubnet=\(any)", "rightmodecfgserver=yes", "rightsubnet=\(ours.subnet)",
                "narrowing=yes",
            ]
        case nil: return [own, "rightsubnet=\(ours.subnet)"]
        }
    }

    private var secrets: String {
        let lines = ["@\(test.peerID) @\(test.swandID) : PSK \"\(test.peerSecret ?? test.secret)\""] + test.peerSecrets
        return lines.map { $0 + "\n" }.joined()
    }
}
