import DataPlane
import DialectKit
import IKEModel
import NetAddress
import Testing

@testable import CharonDialect

/// Virtual addresses and pools: our consoles beside those of two real strongSwans of 5.9.8, recorded on 2026-11-21.
@Suite struct AddressTests {
    private static let common = """
        conn %default
            keyexchange=ikev2
            authby=secret
            mobike=no
            reauth=no
            ike=aes128-sha256-curve25519!
            esp=aes128-sha256!
            auto=add

        """
    private static let carol = """
        conn home
            left=192.168.0.100
            leftid=carol@strongswan.org
            leftsourceip=%config
            right=192.168.0.1
            rightid=moon.strongswan.org
            rightsubnet=10.1.0.0/24

        """
    private static let moon = """
        conn rw
            left=192.168.0.1
            leftid=@moon.strongswan.org
            leftsubnet=10.1.0.0/24
            right=%any
            rightsourceip=10.3.0.64/28
            rightdns=10.1.0.20

        """

    private static func files(_ configuration: String, swanctl: String? = nil) -> [String: String] {
        var files = [
            "/etc/ipsec.conf": common + configuration, "/etc/ipsec.secrets": ": PSK \"Vpp123\"\n",
            "/etc/strongswan.conf": "charon { filelog { log { path = /run/charon.log\n ike_name = yes } } }\n",
        ]
        files["/etc/swanctl/swanctl.conf"] = swanctl
        return files
    }

    private func hosts(carol: String = Self.carol, moon: String = Self.moon, swanctl: String? = nil) -> CarolAndMoon {
        CarolAndMoon(carol: Self.files(carol), moon: Self.files(moon, swanctl: swanctl))
    }

    @Test func `a client prints what strongSwan printed`() {
        let hosts = hosts()
        let output = hosts.run("ipsec up home", on: hosts.carol)
        let end = """
            establishing CHILD_SA home{1}
            generating IKE_AUTH request 1 [ IDi N(INIT_CONTACT) IDr AUTH CPRQ(ADDR) SA TSi TSr N(MULT_AUTH) N(EAP_ONLY) N(MSG_ID_SYN_SUP) ]
            sending packet: from 192.168.0.100[500] to 192.168.0.1[500] (304 bytes)
            received packet: from 192.168.0.1[500] to 192.168.0.100[500] (256 bytes)
            parsed IKE_AUTH response 1 [ IDr AUTH CPRP(ADDR DNS) SA TSi TSr ]
            authentication of 'moon.strongswan.org' with pre-shared key successful
            handling INTERNAL_IP4_DNS attribute failed
            installing new virtual IP 10.3.0.65
            IKE_SA home[1] established between 192.168.0.100[carol@strongswan.org]...192.168.0.1[moon.strongswan.org]
            scheduling rekeying in Ns
            maximum IKE_SA lifetime Ns
            selected proposal: ESP:AES_CBC_128/HMAC_SHA2_256_128/NO_EXT_SEQ
            CHILD_SA home{1} established with SPIs ESPSPI_i ESPSPI_o and TS 10.3.0.65/32 === 10.1.0.0/24
            connection 'home' established successfully

            """
        let normalized = Recorded.normalized(output)
        #expect(normalized.hasSuffix(end), "\(normalized)")
        let listed = hosts.run("swanctl --list-sas", on: hosts.carol)
        #expect(listed.contains("  local  'carol@strongswan.org' @ 192.168.0.100[500] [10.3.0.65]\n"))
        #expect(listed.contains("  remote 'moon.strongswan.org' @ 192.168.0.1[500]\n"))
        #expect(hosts.run("swanctl --list-sas --raw", on: hosts.carol).contains(" local-vips=[10.3.0.65] child-sas {"))
        #expect(hosts.carol.view.saStates.first?.installation.sourceAddresses == [IPAddress("10.3.0.65")!])
    }

    /// The lines of a log from a message that came in to the one that answers it.
    private func answer(_ log: [String]) -> [String] {
        let start = log.lastIndex { $0.contains("looking for peer configs") } ?? 0
        return log[start...].map { Recorded.normalized(String($0.drop { $0 != "[" })) }.filter { !$0.contains("[NET]") }
    }

    @Test func `a gateway logs what strongSwan logged, and keeps account`() {
        let hosts = hosts()
        _ = hosts.run("ipsec up home", on: hosts.carol)
        #expect(
            answer(hosts.moon.log) == [
                "[CFG] <1> looking for peer configs matching 192.168.0.1[moon.strongswan.org]...192.168.0.100[carol@strongswan.org]",
                "[CFG] <rw|1> selected peer config 'rw'",
                "[IKE] <rw|1> authentication of 'carol@strongswan.org' with pre-shared key successful",
                "[IKE] <rw|1> authentication of 'moon.strongswan.org' (myself) with pre-shared key",
                "[IKE] <rw|1> peer requested virtual IP %any",
                "[CFG] <rw|1> assigning new lease to 'carol@strongswan.org'",
                "[IKE] <rw|1> assigning virtual IP 10.3.0.65 to peer 'carol@strongswan.org'",
                "[IKE] <rw|1> IKE_SA rw[1] established between 192.168.0.1[moon.strongswan.org]...192.168.0.100[carol@strongswan.org]",
                "[IKE] <rw|1> scheduling rekeying in Ns", "[IKE] <rw|1> maximum IKE_SA lifetime Ns",
                "[CFG] <rw|1> selected proposal: ESP:AES_CBC_128/HMAC_SHA2_256_128/NO_EXT_SEQ",
                "[IKE] <rw|1> CHILD_SA rw{1} established with SPIs ESPSPI_i ESPSPI_o and TS 10.1.0.0/24 === 10.3.0.65/32",
                "[ENC] <rw|1> generating IKE_AUTH response 1 [ IDr AUTH CPRP(ADDR DNS) SA TSi TSr ]",
            ])
        #expect(hosts.moon.log.contains { $0.hasSuffix("[CFG] adding virtual IP address pool 10.3.0.64/28") })
        let lease = "        10.3.0.65   online   'carol@strongswan.org'\n"
        #expect(
            hosts.run("ipsec leases", on: hosts.moon) == "Leases in pool '10.3.0.64/28', usage: 1/14, 1 online\n"
                + lease)
        #expect(
            hosts.run("ipsec leases 10.3.0.64/28 10.3.0.66", on: hosts.moon).hasSuffix("no matching leases found\n"))
        #expect(hosts.run("ipsec leases nosuch", on: hosts.moon) == "pool 'nosuch' not found\n")
        #expect(
            hosts.run("ipsec statusall", on: hosts.moon).contains(
                "Virtual IP pools (size/online/offline):\n  10.3.0.64/28: 14/1/0\nListening"))
        // A new IKE SA takes the lease over; the end of the old one does not end it.
        _ = hosts.run("swanctl --rekey --ike home", on: hosts.carol)
        #expect(hosts.run("ipsec leases", on: hosts.moon).contains("1 online"))
        _ = hosts.run("ipsec down home", on: hosts.carol)
        #expect(hosts.moon.log.last?.hasSuffix("lease 10.3.0.65 by 'carol@strongswan.org' went offline") == true)
        #expect(
            hosts.run("ipsec leases", on: hosts.moon).contains("usage: 1/14, 0 online\n        10.3.0.65   offline"))
        _ = hosts.run("ipsec up home", on: hosts.carol)
        #expect(answer(hosts.moon.log).contains("[CFG] <rw|3> reassigning offline lease to 'carol@strongswan.org'"))
    }

    @Test func `who asks for no address has no CHILD_SA, and the connection that names a peer goes before one for all`()
    {
        let named =
            Self.moon
            + Self.moon.replacing("rw", with: "carol").replacing("10.3.0.64/28", with: "10.4.0.5-10.4.0.6")
            .replacing("right=%any", with: "right=%any\n    rightid=carol@strongswan.org")
        let hosts = hosts(moon: named)
        _ = hosts.run("ipsec up home", on: hosts.carol)
        #expect(hosts.run("ipsec leases 10.4.0.5-10.4.0.6", on: hosts.moon).contains("10.4.0.5   online"))
        hosts.carol.view.files["/etc/ipsec.conf"]?.replace("leftsourceip=%config\n", with: "\n")
        _ = hosts.run("ipsec update", on: hosts.carol)
        let refused = hosts.run("ipsec up home", on: hosts.carol)
        #expect(
            refused.hasSuffix(
                "received FAILED_CP_REQUIRED notify, no CHILD_SA built\nfailed to establish CHILD_SA, keeping IKE_SA\n"
                    + "establishing connection 'home' failed\n"))
        let lines = answer(hosts.moon.log)
        let expected = lines.firstIndex { $0.hasSuffix("expected a virtual IP request, sending FAILED_CP_REQUIRED") }
        let stands = lines.firstIndex { $0.contains("IKE_SA carol[2] established") }
        #expect(expected != nil && stands != nil && expected! < stands!)
    }

    @Test func `rightsourceip=%config gives a peer the address that it wishes for, and no other`() {
        let anything = Self.moon.replacing("10.3.0.64/28", with: "%config")
        let wish = hosts(carol: Self.carol.replacing("%config", with: "10.3.7.9"), moon: anything)
        #expect(wish.run("ipsec up home", on: wish.carol).contains("installing new virtual IP 10.3.7.9\n"))
        #expect(wish.moon.log.contains { $0.hasSuffix("peer requested virtual IP 10.3.7.9") })
        let none = hosts(moon: anything)
        #expect(none.run("ipsec up home", on: none.carol).contains("received INTERNAL_ADDRESS_FAILURE notify"))
        #expect(none.moon.log.contains { $0.hasSuffix("no virtual IP found, sending INTERNAL_ADDRESS_FAILURE") })
    }

    private static let vici = """
        connections {
            gw {
                local_addrs = 192.168.0.1
                proposals = aes128-sha256-curve25519
                mobike = no
                pools = second
                local { auth = psk
                    id = moon.strongswan.org }
                remote { auth = psk
                    id = carol@strongswan.org }
                children { gw { local_ts = 10.1.0.0/24
                    esp_proposals = aes128-sha256 } }
            }
        }
        pools {
            second { addrs = 10.10.0.0/24
                dns = 10.1.0.20, 10.1.0.21 }
        }

        """

    @Test func `swanctl's pools are loaded, listed, used, and stay while they are`() {
        let hosts = hosts(moon: "", swanctl: Self.vici)
        #expect(
            hosts.run("swanctl --load-all", on: hosts.moon).contains(
                "loaded pool 'second'\nsuccessfully loaded 1 pools, 0 unloaded\nloaded connection 'gw'\n"))
        let line = "second               10.10.0.0                           "
        #expect(hosts.run("swanctl --list-pools", on: hosts.moon) == line + "0 / 0 / 254\n")
        #expect(hosts.moon.log.contains { $0.hasSuffix("added vici pool second: 10.10.0.0, 254 entries") })
        let output = hosts.run("ipsec up home", on: hosts.carol)
        #expect(output.contains("CPRP(ADDR DNS DNS)") && output.contains("installing new virtual IP 10.10.0.1\n"))
        #expect(
            hosts.run("swanctl --list-pools --leases --name second", on: hosts.moon) == line + "1 / 0 / 254\n"
                + "  10.10.0.1                      online   'carol@strongswan.org'\n")
        #expect(hosts.run("swanctl --list-sas --raw", on: hosts.moon).contains(" remote-vips=[10.10.0.1] "))
        hosts.moon.view.files["/etc/swanctl/swanctl.conf"]!.replace("10.10.0.0/24", with: "10.11.0.0/24")
        let again = hosts.run("swanctl --load-pools", on: hosts.moon)
        #expect(
            again.contains("/etc/swanctl/swanctl.conf:16: vici pool second has 1 online leases, unable to replace\n"))
        _ = hosts.run("ipsec down home", on: hosts.carol)
        #expect(
            hosts.run("swanctl --load-pools", on: hosts.moon)
                == "loaded pool 'second'\nsuccessfully loaded 1 pools, 0 unloaded\n")
        #expect(hosts.run("ipsec up home", on: hosts.carol).contains("installing new virtual IP 10.11.0.1\n"))
    }

    @Test func `a pool that a peer without an address uses is not changed below it`() {
        let hosts = hosts(
            carol: Self.carol.replacing("leftsourceip=%config\n", with: "\n"), moon: "", swanctl: Self.vici)
        _ = hosts.run("swanctl --load-all", on: hosts.moon)
        #expect(hosts.run("ipsec up home", on: hosts.carol).contains("keeping IKE_SA"))
        hosts.moon.view.files["/etc/swanctl/swanctl.conf"]!.replace("dns = 10.1.0.20, ", with: "dns = ")
        #expect(
            hosts.run("swanctl --load-pools", on: hosts.moon).contains(
                "vici pool second is of connection 'gw', which has an IKE_SA, unable to replace\n"))
        #expect(hosts.moon.view.ikeSAs.count == 1)
        _ = hosts.run("ipsec down home", on: hosts.carol)
        #expect(
            hosts.run("swanctl --load-pools", on: hosts.moon)
                == "loaded pool 'second'\nsuccessfully loaded 1 pools, 0 unloaded\n")
    }

    @Test func `a pool goes together with its connection, and not before it`() {
        let hosts = hosts(moon: "", swanctl: Self.vici)
        _ = hosts.run("swanctl --load-all", on: hosts.moon)
        hosts.moon.view.files["/etc/swanctl/swanctl.conf"]!.replace("second { addrs", with: "third { addrs")
        #expect(
            hosts.run("swanctl --load-all", on: hosts.moon).contains(
                "unloading pool 'second' failed: it has connections that name it\n"))
        hosts.moon.view.files["/etc/swanctl/swanctl.conf"] = ""
        let output = hosts.run("swanctl --load-all", on: hosts.moon)
        #expect(
            output.hasSuffix("no pools found, 2 unloaded\nsuccessfully loaded 0 connections, 1 unloaded\n"), "\(output)"
        )
        #expect(hosts.run("swanctl --list-pools", on: hosts.moon) == "")
    }

    @Test func `of leases that have ended the oldest is forgotten, and none that stands`() throws {
        var book = AddressBook()
        book.memoryLimit = 2
        let pool = try #require(AddressPool(name: "a", "10.0.0.0/24"))
        _ = book.add(pool, .vici)
        let addresses = (1...4).map { IPAddress("10.0.0.\($0)")! }
        for address in addresses { _ = book.lend(address, to: "\(address)", from: [pool]) }
        for address in addresses.dropFirst() { #expect(book.release(address) == "\(address)") }
        #expect(book.entries[0].leases.map(\.address) == [addresses[0], addresses[2], addresses[3]])
        #expect(book.entries[0].online == 1)
    }

    @Test(arguments: [
        ("addrs = 300.0.0.0/24", "invalid addrs value: 300.0.0.0/24"), ("dns = 10.1.0.1", "missing addrs"),
        ("addrs = 10.0.0.0/24\n nosuch = 1.2.3.4", "invalid attribute: nosuch"),
        ("addrs = 10.0.0.0/24\n dns = moon", "invalid attribute value for dns: moon"),
        ("addrs = 10.0.0.9-10.0.0.1", "invalid addrs value: 10.0.0.9-10.0.0.1"),
    ])
    func `a pool that means nothing is refused with its place`(_ body: String, _ words: String) {
        let hosts = hosts(moon: "", swanctl: "pools { a { \(body)\n } }\n")
        let output = hosts.run("swanctl --load-pools", on: hosts.moon)
        #expect(output.hasPrefix("loading pool 'a' failed: /etc/swanctl/swanctl.conf:") && output.contains(words))
        #expect(output.hasSuffix("loaded 0 of 1 pools, 1 failed to load, 0 unloaded\n"))
    }

    @Test(
        arguments: [
            ("10.3.0.64/28", "10.3.0.65", "10.3.0.78", 14),
            (
                "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ff00/120", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ff01",
                "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", 254
            ), ("10.0.0.4/30", "10.0.0.5", "10.0.0.6", 2),
            ("10.0.0.4/31", "10.0.0.4", "10.0.0.5", 2), ("fd00::5/128", "fd00::5", "fd00::5", 1),
            ("10.4.0.5-10.4.0.6", "10.4.0.5", "10.4.0.6", 2), ("10.9.9.9", "10.9.9.9", "10.9.9.9", 1),
            ("2001:db8::/32", "2001:db8::1", "2001:db8::7fff:fffe", (1 << 31) - 2),
        ] as [(String, String, String, UInt64)])
    func `a pool has the addresses that strongSwan's has`(
        _ text: String, _ first: String, _ last: String, _ count: UInt64
    ) throws {
        let pool = try #require(AddressPool(name: text, text))
        #expect(pool.addresses == IPRange(IPAddress(first)!, IPAddress(last)!)! && pool.count == count)
    }
}
