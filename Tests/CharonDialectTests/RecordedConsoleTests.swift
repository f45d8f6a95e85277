import IKEModel
import Testing

/// Our consoles and logs beside those of real strongSwans of 5.9.8 with the same configuration.
@Suite(.enabled(if: SharedFolder.isThere, SharedFolder.reason)) struct RecordedConsoleTests {
    @Test func `ipsec up prints what strongSwan printed, to the octets of each message`() throws {
        let hosts = try CarolAndMoon()
        let recorded = try Recorded.output("01-stroke-wiki.txt", "carol# ipsec up wiki")
        #expect(recorded.contains("(464 bytes)") && recorded.contains("(220 bytes)"))
        #expect(Recorded.normalized(hosts.run("ipsec up wiki", on: hosts.carol)) == Recorded.normalized(recorded))
    }

    @Test func `the responder's log has strongSwan's lines in strongSwan's order`() throws {
        let hosts = try CarolAndMoon(faking: ["carol"])
        _ = hosts.run("ipsec up wiki", on: hosts.carol)
        let recorded = try SharedFolder.text("reference/strongswan/01-moon-charon.log").split(separator: "\n")
        let exchange = recorded[recorded.firstIndex { $0.contains("received packet") }!...]
        let ours = hosts.moon.log[hosts.moon.log.firstIndex { $0.contains("received packet") }!...]
        #expect(
            Recorded.normalized(ours.map { $0 + "\n" }.joined())
                == Recorded.normalized(exchange.map { $0 + "\n" }.joined()))
    }

    @Test func `ipsec down, and status before and after`() throws {
        let hosts = try CarolAndMoon()
        _ = hosts.run("ipsec up wiki", on: hosts.carol)
        for file in [("01-stroke-wiki.txt", "ipsec status")] {
            #expect(
                Recorded.normalized(hosts.run(file.1, on: hosts.carol))
                    == Recorded.normalized(try Recorded.output(file.0, "carol# \(file.1)")))
        }
        #expect(
            Recorded.normalized(hosts.run("ipsec down wiki", on: hosts.carol))
                == Recorded.normalized(try Recorded.output("02-stroke-more.txt", "carol# ipsec down wiki")))
        let empty = hosts.run("ipsec status", on: hosts.carol)
        #expect(empty == (try Recorded.output("02-stroke-more.txt", "carol# ipsec status")))
    }

    @Test func `statusall lists connections and security associations as strongSwan did`() throws {
        let hosts = try CarolAndMoon()
        _ = hosts.run("ipsec up wiki", on: hosts.carol)
        hosts.carol.carry(packets: 2, secondsAgo: 0)
        func associations(_ text: String) -> [String] {
            let lines = Recorded.normalized(text).split(separator: "\n").map(String.init)
            return Array(lines[lines.firstIndex { $0.hasPrefix("Security Associations") }!...])
        }
        func wiki(_ text: String) -> [String] {
            text.split(separator: "\n").map(String.init).filter { $0.hasPrefix("        wiki:") }
        }
        let ours = hosts.run("ipsec statusall", on: hosts.carol)
        let recorded = try Recorded.output("01-stroke-wiki.txt", "carol# ipsec statusall")
        #expect(associations(ours) == associations(recorded))
        #expect(Array(wiki(ours).prefix(4)) == wiki(recorded))
        #expect(ours.split(separator: "\n").first == recorded.split(separator: "\n").first)
        #expect(ours.contains("Listening IP addresses:\n  192.168.0.100\nConnections:\n"))
    }

    @Test func `swanctl loads, initiates, lists and terminates with strongSwan's words`() throws {
        // charon ran without starter: nothing of ipsec.conf was loaded.
        let hosts = try CarolAndMoon { files, _ in files["/etc/ipsec.conf"] = nil }
        func check(_ command: String, _ recorded: String, on host: SimulatedCharon) throws {
            let ours = Recorded.normalized(hosts.run(command, on: host))
            let expected = Recorded.normalized(try Recorded.output("03-swanctl.txt", recorded))
            #expect(ours == expected, "\(command)")
        }
        try check("swanctl --load-all", "moon# swanctl --load-all", on: hosts.moon)
        let loaded = hosts.run("swanctl --load-all", on: hosts.carol)
        #expect(loaded.contains("loaded connection 'gw'\n") && loaded.contains("loaded connection 'gcm'\n"))
        let session = hosts.carol.type("swanctl --initiate --child net")
        hosts.settle()
        let initiated = try Recorded.output("03-swanctl.txt", "carol# swanctl --initiate --child net")
        #expect(Recorded.normalized(hosts.carol.output[session]!) == Recorded.normalized(initiated))
        #expect(hosts.carol.statuses[session] == 0)
        hosts.carol.carry(packets: 2, secondsAgo: 0)
        hosts.moon.carry(packets: 2, secondsAgo: 0)
        try check("swanctl --list-sas", "carol# swanctl --list-sas", on: hosts.carol)
        try check("swanctl --list-sas", "moon# swanctl --list-sas", on: hosts.moon)
        let ended = hosts.run("swanctl --terminate --ike gw", on: hosts.carol)
        // The recording has a rekeying before it: message 4 where ours is 2.
        let recorded = try Recorded.output("03-swanctl.txt", "carol# swanctl --terminate --ike")
            .replacing("INFORMATIONAL request 4", with: "INFORMATIONAL request 2")
            .replacing("INFORMATIONAL response 4", with: "INFORMATIONAL response 2")
        #expect(Recorded.normalized(ended) == Recorded.normalized(recorded))
        let failed = hosts.carol.type("swanctl --initiate --child nosuch")
        #expect(hosts.carol.output[failed] == "initiate failed: CHILD_SA config 'nosuch' not found\n")
        #expect(hosts.carol.statuses[failed] == 1)
    }

    @Test func `list-sas --raw has strongSwan's keys in strongSwan's order`() throws {
        let hosts = try CarolAndMoon()
        _ = hosts.run("ipsec up wiki", on: hosts.carol)
        hosts.carol.carry(packets: 2, secondsAgo: 1)
        #expect(
            Recorded.normalized(hosts.run("swanctl --list-sas --raw", on: hosts.carol))
                == Recorded.normalized(try Recorded.output("01-stroke-wiki.txt", "carol# swanctl --list-sas --raw")))
    }

    @Test(arguments: ["badike", "badpsk"])
    func `a failure says what strongSwan said`(_ name: String) throws {
        let hosts = try CarolAndMoon()
        let recorded = try Recorded.output("02-stroke-more.txt", "carol# ipsec up \(name)")
            .replacing("establishing CHILD_SA badpsk{5}", with: "establishing CHILD_SA badpsk{1}")
            .replacing(#/\[[45]\] to/#, with: "[1] to")
        #expect(Recorded.normalized(hosts.run("ipsec up \(name)", on: hosts.carol)) == Recorded.normalized(recorded))
    }

    @Test func `a Child SA that the peer refuses leaves the IKE SA, which the next one shares`() throws {
        let hosts = try CarolAndMoon()
        // moon knows nothing of ESN alone: the proposal is taken off its list.
        let both = try CarolAndMoon { files, name in
            if name == "moon" { files["/etc/ipsec.conf"]?.replace("esp=aes192-sha1-esn,", with: "esp=") }
        }
        _ = hosts
        let esn = both.run("ipsec up esn", on: both.carol)
        let recordedESN = try Recorded.output("02-stroke-more.txt", "carol# ipsec up esn")
            .replacing("wiki[3]", with: "wiki[1]").replacing("esn{3}", with: "esn{1}")
        #expect(Recorded.normalized(esn) == Recorded.normalized(recordedESN))
        let badts = both.run("ipsec up badts", on: both.carol)
        let recordedTS = try Recorded.output("02-stroke-more.txt", "carol# ipsec up badts")
            .split(separator: "\n").prefix { !$0.hasPrefix("Security") }.map { $0 + "\n" }.joined()
            .replacing("badts{4}", with: "badts{2}")
        #expect(Recorded.normalized(badts) == Recorded.normalized(recordedTS))
    }

    @Test func `what is normalized is what differs from run to run: a size or a name that is wrong still shows`() throws
    {
        let right = "sending packet: from 192.168.0.100[500] to 192.168.0.1[500] (464 bytes)\n"
        #expect(Recorded.normalized(right) == right)
        #expect(Recorded.normalized(right) != Recorded.normalized(right.replacing("464", with: "465")))
        let child = "CHILD_SA wiki{1} established with SPIs fc0c2d8a_i bb352cd7_o and TS 10.3.0.0/24 === 10.1.0.0/24\n"
        #expect(Recorded.normalized(child) != Recorded.normalized(child.replacing("{1}", with: "{2}")))
        #expect(Recorded.normalized(child) == Recorded.normalized(child.replacing("fc0c2d8a", with: "0c0c2d8a")))
    }
}
