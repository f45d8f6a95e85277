import CharonDialect
import DialectKit
import IKEModel
import Testing

/// What an operator watches: `swanctl --monitor-sa`, `--counters`, `--list-algs`, and what is forgotten or read again.
@Suite struct WatchingTests {
    private static func host(_ own: String, _ other: String, _ name: String, _ peer: String, _ child: String)
        -> [String: String]
    {
        [
            "/etc/ipsec.conf": "", "/etc/strongswan.conf": "charon { filelog { log { path = /run/a.log\n } } }\n",
            "/etc/swanctl/swanctl.conf": """
            connections {
                \(child) {
                    local_addrs = \(own)
                    remote_addrs = \(other)
                    mobike = no
                    proposals = aes128-sha256-curve25519
                    local { auth = psk
                        id = \(name) }
                    remote { auth = psk
                        id = \(peer) }
                    children { \(child) { esp_proposals = aes128-sha256 } }
                }
            }
            secrets { ike { secret = Vpp123 } }

            """,
        ]
    }

    private func hosts() -> CarolAndMoon {
        let hosts = CarolAndMoon(
            carol: Self.host("192.168.0.100", "192.168.0.1", "carol", "moon", "home"),
            moon: Self.host("192.168.0.1", "192.168.0.100", "moon", "carol", "rw"))
        for host in [hosts.carol, hosts.moon] { _ = hosts.run("swanctl --load-all", on: host) }
        return hosts
    }

    @Test func `SAs are told as they come up and go down, and a replacement is neither`() throws {
        let hosts = hosts()
        let text = hosts.moon.type("swanctl --monitor-sa")
        let raw = hosts.moon.type("swanctl --monitor-sa --raw")
        _ = hosts.run("swanctl --initiate --child home", on: hosts.carol)
        let up = Recorded.normalized(hosts.moon.output[text] ?? "")
        #expect(
            up.hasPrefix("rw: #1, ESTABLISHED, IKEv2, IKESPI_i IKESPI_r*\n  local  'moon' @ 192.168.0.1[500]\n"),
            "\(up)")
        #expect(up.contains("\n  rw: #1, reqid 1, INSTALLED, TUNNEL, ESP:AES_CBC-128/HMAC_SHA2_256_128\n"))
        let events = (hosts.moon.output[raw] ?? "").split(separator: "\n")
        #expect(events.count == 2)
        #expect(events[0].hasPrefix("ike-updown event {up=yes rw {uniqueid=1 ") && !events[0].contains("child-sas"))
        #expect(
            events[1].hasPrefix("child-updown event {up=yes rw {uniqueid=1 ") && events[1].contains("child-sas {rw-1 {")
        )
        let (before, beforeRaw) = (hosts.moon.output[text]!.count, hosts.moon.output[raw]!.count)
        _ = hosts.run("swanctl --rekey --child home", on: hosts.carol)
        _ = hosts.run("swanctl --rekey --ike home", on: hosts.carol)
        #expect(hosts.moon.output[text]!.count == before && hosts.moon.output[raw]!.count == beforeRaw)
        _ = hosts.run("swanctl --terminate --ike home", on: hosts.carol)
        let down = Recorded.normalized(String(hosts.moon.output[text]!.dropFirst(before)))
        #expect(down.hasPrefix("rw: #2, DELETING, IKEv2, IKESPI_i IKESPI_r*\n") && !down.contains("established "))
        let ended = hosts.moon.output[raw]!.dropFirst(beforeRaw).split(separator: "\n")
        #expect(ended.count == 2 && ended[0].hasPrefix("ike-updown event {rw {uniqueid=2 version=2 state=DELETING "))
        #expect(ended.last?.hasPrefix("child-updown event {rw {uniqueid=2 ") == true)
    }

    private func count(_ text: String, _ name: String) -> String? {
        text.split(separator: "\n").first { $0.hasPrefix("  \(name) ") }.map { String($0.split(separator: " ").last!) }
    }

    @Test func `counters are all together, or a connection's, and are reset so`() {
        let hosts = hosts()
        _ = hosts.run("swanctl --initiate --child home", on: hosts.carol)
        let all = hosts.run("swanctl --counters", on: hosts.moon)
        #expect(
            all.hasPrefix("global:\n") && count(all, "ike-init-in-req") == "1" && count(all, "ike-auth-in-req") == "1")
        // Whose an IKE SA is, a responder knows when it answers IKE_AUTH.
        let named = hosts.run("swanctl --counters --name rw", on: hosts.moon)
        #expect(named.hasPrefix("rw:\n") && count(named, "ike-init-in-req") == "0")
        #expect(count(named, "ike-auth-in-req") == "0" && count(named, "ike-auth-out-resp") == "1")
        #expect(hosts.run("swanctl --counters --all", on: hosts.moon) == named)
        #expect(
            hosts.run("swanctl --counters --name rw --raw", on: hosts.moon).hasPrefix(
                "counters reply {counters {rw {ike-rekey-init=0 "))
        #expect(hosts.run("swanctl --counters --pretty", on: hosts.moon).hasSuffix("  }\n  success = yes\n}\n"))
        #expect(
            hosts.run("swanctl --counters --reset --name rw", on: hosts.moon)
                == "reset-counters completed successfully\n")
        #expect(
            hosts.run("swanctl --counters --name rw", on: hosts.moon)
                == "get-counters failed: no counters found for this connection\n")
        #expect(hosts.run("swanctl --counters", on: hosts.moon) == all)
        _ = hosts.run("swanctl --counters --reset", on: hosts.moon)
        #expect(count(hosts.run("swanctl --counters", on: hosts.moon), "ike-init-in-req") == "0")
    }

    @Test func `algorithms are listed by kind, one a line or in columns`() {
        let hosts = hosts()
        let lines = hosts.run("swanctl --list-algs", on: hosts.moon)
        #expect(lines.hasPrefix("encryption:\n  ") && lines.contains("\n  AES_CBC[openssl]\n"))
        for kind in ["integrity:\n  HMAC_", "aead:\n  AES_", "hasher:\n  HASH_", "prf:\n  PRF_", "dh:\n  MODP_"] {
            #expect(lines.contains("\n" + kind), "\(kind)")
        }
        let columns = hosts.run("ipsec listalgs", on: hosts.moon)
        #expect(columns.hasPrefix("\nList of registered IKE algorithms:\n\n  encryption: "))
        #expect(
            columns.split(separator: "\n").allSatisfy { $0.count <= 120 } && columns.contains("\n  dh-group:   MODP_"))
        let names = { (text: String) in
            text.split(whereSeparator: { " \n".contains($0) }).filter { $0.hasSuffix("[openssl]") }
        }
        #expect(names(columns) == names(lines) && names(lines).count > 30)
    }

    @Test func `a redirection is for the IKE SAs that are selected, and no others of their connection`() {
        let hosts = hosts()
        _ = hosts.run("swanctl --initiate --child home", on: hosts.carol)
        #expect(
            hosts.run("swanctl --redirect --gateway 192.0.2.9 --ike-id 7", on: hosts.moon)
                == "redirect failed: no matching SAs to redirect found\n")
        hosts.moon.outgoing = []
        _ = hosts.moon.type("swanctl --redirect --gateway 192.0.2.9 --ike-id 1")
        #expect(hosts.moon.outgoing.count == 1)
    }

    @Test func `settings are read again, and what is not kept says so`() {
        let hosts = hosts()
        hosts.moon.view.files["/etc/strongswan.conf"] =
            "charon { filelog { log { path = /run/b.log\n ike_name = yes } } }\n"
        #expect(hosts.run("swanctl --reload-settings", on: hosts.moon) == "")
        _ = hosts.run("swanctl --initiate --child home", on: hosts.carol)
        #expect(hosts.moon.log.contains { $0.contains("] <rw|1> ") })
        hosts.moon.view.files["/etc/strongswan.conf"] = "charon {\n"
        #expect(
            hosts.run("swanctl --reload-settings", on: hosts.moon).hasPrefix(
                "reload-settings failed: /etc/strongswan.conf"))
        #expect(
            hosts.run("ipsec purgeocsp", on: hosts.moon) == "ipsec purgeocsp: nothing of this kind is ever kept here\n")
    }
}
