import IKEModel
import NetAddress
import Testing

@testable import PlutoDialect

/// `addresspool=` and modecfg in ipsec.conf, and what a console shows of them.
@Suite struct AddressPoolTests {
    private static let conf = """
        conn rw
        \tright=192.1.2.23
        \trightid=@east
        \trightsubnet=192.0.2.0/24
        \tauthby=secret
        \tnarrowing=yes
        \tleftmodecfgclient=yes
        \tleftaddresspool=192.3.1.7-192.3.1.9
        \tmodecfgdns=192.0.2.53
        \tmodecfgdomains=example.com
        conn west
        \tleft=192.1.2.45
        \tleftid=@west
        \talso=rw
        conn east
        \tleft=%any
        \tleftid=%any
        \talso=rw
        """

    private func hosts(_ change: (String) -> String = { $0 }) -> TwoHosts {
        TwoHosts(configuration: change(Self.conf), westSecrets: WestEast.secrets, eastSecrets: WestEast.secrets)
    }

    @Test func `a client gets the first address of the pool, and both ends list the lease`() {
        let hosts = hosts()
        _ = hosts.run("ipsec add east", on: hosts.east)
        _ = hosts.run("ipsec add west", on: hosts.west)
        let lines = hosts.run("ipsec up west", on: hosts.west)
        let name = "\"west\"[1] 192.1.2.23 #2: "
        #expect(lines.contains(name + "received INTERNAL_IP4_ADDRESS 192.3.1.7\n"))
        #expect(lines.contains(name + "received INTERNAL_IP4_DNS 192.0.2.53\n"))
        #expect(lines.contains(name + "received INTERNAL_DNS_DOMAIN example.com\n"))
        #expect(lines.contains("IPsec tunnel [192.3.1.7/32===192.0.2.0/24]"))
        for host in [hosts.west, hosts.east] {
            #expect(hosts.run("ipsec trafficstatus", on: host).hasSuffix(", lease=192.3.1.7/32\n"))
        }
        // Narrowing made a second instance of the gateway's.
        #expect(hosts.run("ipsec trafficstatus", on: hosts.east).hasPrefix("#2: \"east\"[2] 192.1.2.45, type=ESP"))
    }

    @Test func `a pool that is none is refused with its line`() {
        for value in ["192.3.1.9-192.3.1.7", "192.3.1.1/24", "192.3.1.0", "192.3.1.0/24,192.3.1.128/25", "pool"] {
            let bad = value == "192.3.1.0" ? "192.3.1.0-" : value
            let hosts = hosts { $0.replacing("192.3.1.7-192.3.1.9", with: bad) }
            let session = hosts.west.type("ipsec add west")
            #expect(hosts.west.errors[session]?.contains("addresspool'") ?? false, "\(bad)")
        }
    }
}
