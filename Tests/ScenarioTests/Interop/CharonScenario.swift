import Glibc
import LinuxSystem
import Scenario
import Testing

/// A scenario with swand on west and a real strongSwan on east, whose every command has an expected output.
///
/// East's ESP is strongSwan's own user-space one (kernel-libipsec): it always goes in UDP, as if there were a NAT, and
/// knows no extended sequence numbers.
struct CharonScenario {
    /// What is typed on a host, and what has to come of it.
    struct Step {
        let host: String
        let command: String
        let output: [String]

        static func west(_ command: String, _ output: String...) -> Step {
            Step(host: "west", command: command, output: output)
        }
        static func east(_ command: String, _ output: String...) -> Step {
            Step(host: "east", command: command, output: output)
        }
    }

    enum Family: Sendable { case v4, v6 }

    /// A host that has an address of `lentAddresses` from its peer, and no subnet behind it.
    enum Client: Sendable { case west, east }
    static let lentAddresses = "192.3.1.0/28"

    var family = Family.v4
    var client: Client?
    /// Further lines of the connection `w` on swand's side, and of `e` on strongSwan's.
    var swand: [String] = []
    /// Further lines of swand's `config setup`.
    var setup: [String] = []
    var charon: [String] = []
    /// Further lines of swand's ipsec.secrets.
    var swandSecrets: [String] = []
    /// A swanctl.conf, which takes the place of the connection `e`.
    var swanctl: String?
    /// Further settings of strongswan.conf's `charon` section.
    var settings: [String] = []
    var westID = "@west"
    var eastID = "@east"
    var eastSecret = CharonScenario.secret
    /// `authby=` of either side.
    var swandAuthentication = "secret"
    var charonAuthentication = "secret"
    /// In the place of east's shared key.
    var eastSecrets: String?
    /// More files of the scenario's folder, and what is typed on either host before the daemons start.
    var moreFiles: [String: String] = [:]
    /// Whether more is said of the connection when it is added than that it was.
    var isAddedWithWarnings = false
    var preparation: [Step] = []
    /// What east protects in its own opinion; nil: what west thinks.
    var eastSubnet: String?
    var steps: [Step]

    static let secret = "0123456789abcdefABCDEF"
    static var isPossible: Bool {
        geteuid() == 0 && FileSystem.isExecutable("/usr/lib/ipsec/charon") && FileSystem.isExecutable("/usr/sbin/ipsec")
            && FileSystem.exists("/usr/lib/ipsec/plugins/libstrongswan-kernel-libipsec.so")
            && FileSystem.exists("/usr/lib/ipsec/plugins/libstrongswan-openssl.so") && FileSystem.exists("/dev/net/tun")
    }

    static var hasVICI: Bool {
        FileSystem.isExecutable("/usr/sbin/swanctl")
            && FileSystem.exists("/usr/lib/ipsec/plugins/libstrongswan-vici.so")
    }

    var westAddress: String { family == .v4 ? "192.1.2.45" : "2001:db8:1:2::45" }
    var eastAddress: String { family == .v4 ? "192.1.2.23" : "2001:db8:1:2::23" }
    var westSubnet: String { family == .v4 ? "192.0.1.0/24" : "2001:db8:0:1::/64" }
    var subnetBehindEast: String { family == .v4 ? "192.0.2.0/24" : "2001:db8:0:2::/64" }

    private var protectedWest: String { client == .west ? Self.lentAddresses : westSubnet }
    private var protectedEast: String { client == .east ? Self.lentAddresses : subnetBehindEast }

    /// A ping through the tunnel, from west to what is behind east, `count` times with `octets` of data each.
    func ping(count: Int = 1, octets: Int = 56) -> Step {
        let (from, to) = family == .v4 ? ("192.0.1.254", "192.0.2.254") : ("2001:db8:0:1::254", "2001:db8:0:2::254")
        // One at a time: behind the last of several, ping waits for two round trips and no longer.
        return .west(
            "for i in {1..\(count)}; do ping -n -q -W 3 -c 1 -s \(octets) -I \(from) \(to); done | grep -c ' 1 received'",
            "\(count)")
    }

    private func secrets(_ value: String) -> String { "\(westID) \(eastID) : PSK \"\(value)\"\n" }

    private func files(named name: String) -> [String: String] {
        var files = [
            "scenario.yaml":
                "daemon: {west: swand, east: strongswan}\ntimeout: 60\n"
                + "protected: [\(protectedWest) === \(protectedEast)]\n",
            "west.secrets": secrets(Self.secret) + swandSecrets.map { $0 + "\n" }.joined(),
            "east.secrets": eastSecrets ?? secrets(eastSecret),
            "west.conf":
                (["config setup", "\tlogfile=/tmp/pluto.log", "\tlogtime=no", "\tplutodebug=all"]
                + setup.map { "\t" + $0 } + ["", "conn w"]
                + ([
                    "left=\(westAddress)", "leftid=\(westID)", "right=\(eastAddress)", "rightid=\(eastID)",
                    client == .west ? "leftmodecfgclient=yes" : "leftsubnet=\(westSubnet)",
                    client == .east
                        ? "rightaddresspool=\(Self.lentAddresses)" : "rightsubnet=\(subnetBehindEast)",
                    "authby=\(swandAuthentication)", "auto=ignore",
                ] + swand).map { "\t" + $0 }).joined(separator: "\n") + "\n",
            "east.conf":
                (["conn e"]
                + ([
                    "keyexchange=ikev2", "mobike=no", "authby=\(charonAuthentication)", "left=\(eastAddress)",
                    "leftid=\(eastID)",
                    client == .east ? "leftsourceip=%config" : "leftsubnet=\(eastSubnet ?? subnetBehindEast)",
                    "right=\(westAddress)", "rightid=\(westID)",
                    client == .west ? "rightsourceip=\(Self.lentAddresses)" : "rightsubnet=\(westSubnet)", "auto=add",
                ] + charon).map { "\t" + $0 }).joined(separator: "\n") + "\n",
            "strongswan.conf": """
            charon {
                load = random nonce openssl pem pkcs1 pkcs8 x509 revocation constraints xcbc cmac ccm ctr chapoly kdf curve25519 pubkey \
            socket-default kernel-libipsec kernel-netlink updown stroke\(swanctl == nil ? "" : " vici")
                filelog { log { path = /testing/pluto/\(name)/OUTPUT/east.charon.log
                    default = 2
                    cfg = 1
                    flush_line = yes } }
                \(settings.joined(separator: "\n    "))
            }

            """,
        ]
        var load: [Step] = [.east("../../guestbin/wait-for.sh --match '^ *e:.*IKEv2' -- ipsec statusall >/dev/null")]
        if let swanctl {
            files["vici.conf"] = swanctl
            files["east.conf"] = ""
            load = [
                .east("mkdir -p /etc/swanctl; cp vici.conf /etc/swanctl/swanctl.conf"),
                .east("../../guestbin/wait-for.sh --match uptime -- swanctl --stats >/dev/null 2>&1"),
                .east("swanctl --load-all >/dev/null 2>&1 && echo loaded", "loaded"),
            ]
        }
        let start: [Step] = [
            .east("cp strongswan.conf /etc/; cp east.conf /etc/ipsec.conf; cp east.secrets /etc/ipsec.secrets"),
            .east("mkdir -p /etc/ipsec.d/cacerts /etc/ipsec.d/aacerts /etc/ipsec.d/ocspcerts"),
            .east("mkdir -p /etc/ipsec.d/acerts /etc/ipsec.d/crls /etc/ipsec.d/certs /etc/ipsec.d/private"),
            .east("ipsec start >/dev/null 2>&1"),
            .west("../../guestbin/swan-prep --nokeys\(family == .v6 ? " --46" : "") >/dev/null"),
            .west("ipsec start >/dev/null"),
            .west("../../guestbin/wait-until-pluto-started"),
            .west(
                "ipsec add w\(isAddedWithWarnings ? " | grep added" : "")", "\"w\": added IKEv2 connection"),
        ]
        files.merge(moreFiles) { $1 }
        let stop: [Step] = [.east("ipsec stop >/dev/null 2>&1")]
        for (index, step) in (preparation + start + load + steps + stop).enumerated() {
            let number = String(index + 100)
            files["\(number)-\(step.host)-do.sh"] = step.command + "\n"
            let isFirst = files["\(step.host).console.txt"] == nil
            let lines = [(isFirst ? "" : " ") + step.command] + step.output + ["\(step.host) #"]
            files["\(step.host).console.txt", default: ""] += lines.joined(separator: "\n") + "\n"
        }
        return files
    }

    /// Runs it: every command has to do what its step says, and tshark has to find every message well-formed.
    func check() throws {
        try withRunner { runner in
            let name = "interop"
            _ = try runner.copyShipped("ikev2-basic-psk-01")
            try runner.scenario(name, files(named: name))
            let answer = try runner.run("run", name)
            if answer.status != .exited(0) {
                let log = (try? runner.read("OUTPUT/\(name)/east.charon.log")) ?? ""
                let own = (try? runner.read("OUTPUT/\(name)/west.pluto.log")) ?? ""
                Issue.record("\(answer.text)\n\nstrongSwan:\n\(log)\n\nswand:\n\(own)")
            }
            if Tool.isInstalled("tshark") {
                let malformed = try Tool.lines([
                    "tshark", "-r", "\(runner.folder)/OUTPUT/\(name)/192_1_2.pcapng", "-Y", "_ws.malformed",
                ])
                #expect(malformed == [])
            }
        }
    }
}
