import DataPlane
import DialectKit
import IKECrypto
import IKEModel
import NetAddress
import PlutoDialect
import Testing

/// Listings, against the blocks in libreswan's transcripts.
struct StatusTests {
    @Test func `a connection's block as in ikev2-algo-10-aes-gcm128`() {
        let hosts = WestEast.hosts("\tesp=aes_gcm128-null")
        _ = hosts.run("ipsec add west-east", on: hosts.west)
        let name = "\"west-east\":"
        let expected = [
            "\(name) 192.0.1.0/24===192.1.2.45[@west]...192.1.2.23[@east]===192.0.2.0/24; unrouted; my_ip=unset; their_ip=unset;",
            "\(name)   host: oriented; local: 192.1.2.45; remote: 192.1.2.23;", "\(name)   my_updown=ipsec _updown;",
            "\(name)   xauth us:none, xauth them:none,  my_username=[any]; their_username=[any]",
            "\(name)   our auth:secret, their auth:secret, our autheap:none, their autheap:none;",
            "\(name)   modecfg info: us:none, them:none, modecfg policy:push, dns:unset, domains:unset, cat:unset;",
            "\(name)   sec_label:unset;",
            "\(name)   ike_life: 28800s; ipsec_life: 28800s; ipsec_max_bytes: 2^63B; ipsec_max_packets: 2^63; replay_window: 128; rekey_margin: 540s; rekey_fuzz: 100%;",
            "\(name)   iptfs: no; fragmentation: yes; packet-size: 0; max-queue-size: 0; drop-time: 0; init-delay: 0; reorder-window: 0;",
            "\(name)   retransmit-interval: 500ms; retransmit-timeout: 60s; iketcp:no; iketcp-port:4500;",
            "\(name)   initial-contact:no; cisco-unity:no; fake-strongswan:no; send-vendorid:no; send-no-esp-tfc:no;",
            "\(name)   policy: IKEv2+PSK+ENCRYPT+TUNNEL+PFS+IKE_FRAG_ALLOW+ESN_NO+ESN_YES;",
            "\(name)   v2-auth-hash-policy: none;",
            "\(name)   conn_prio: 24,24,0; interface: eth1; metric: 0; mtu: unset; sa_prio:auto; sa_tfc:none;",
            "\(name)   nflog-group: unset; mark: unset; vti-iface:unset; vti-routing:no; vti-shared:no; nic-offload:no;",
            "\(name)   our idtype: FQDN; our id=@west; their idtype: FQDN; their id=@east",
            "\(name)   sendca: all; our sendcert: always; their sendcert: always;",
            "\(name)   liveness: passive; dpddelay:0s; retransmit-timeout:60s",
            "\(name)   nat-traversal: encapsulation:auto; keepalive:20s", "\(name)   routing: unrouted;",
            "\(name)   conn serial: $1;", "\(name)   ESP algorithms: AES_GCM_16_128-NONE",
        ]
        let text = hosts.run("ipsec connectionstatus west-east", on: hosts.west)
        #expect(text.split(separator: "\n").map(String.init) == expected)
        let values = hosts.run("ipsec auto --status", on: hosts.west)
        #expect(values.contains("\n \nTotal IPsec connections: loaded 1, active 0\n \nState Information: DDoS"))
        #expect(values.hasSuffix("\n \nBare Shunt list:\n \n"))
        #expect(hosts.run("ipsec briefstatus", on: hosts.west).contains("Accepting"))
    }

    @Test(.enabled(if: SharedFolder.isThere, SharedFolder.reason))
    func `the whole status of ikev2-algo-10-aes-gcm128 comes out the same`() throws {
        let folder = "reference/libreswan-transcripts/ikev2-algo-10-aes-gcm128"
        for (host, number) in [("west", 45), ("east", 23)] {
            let console = try SharedFolder.text("\(folder)/\(host).console.txt")
            let conf = try SharedFolder.text("\(folder)/\(host).conf")
            let simulated = SimulatedHost(
                seed: 1,
                interfaces: [
                    interface("lo", "127.0.0.1"), interface("eth0", host == "west" ? "192.0.1.254" : "192.0.2.254"),
                    interface("eth1", "192.1.2.\(number)"),
                ], files: ["/etc/ipsec.conf": conf])
            _ = simulated.type("ipsec auto --add westnet-eastnet-ipv4-psk-ikev2-gcm-c")
            let session = simulated.type("ipsec auto --status")
            let text = (simulated.output[session] ?? "")
                .replacing(
                    #/retransmit-interval: [0-9]*ms; retransmit-timeout: [0-9]*s/#,
                    with: "retransmit-interval: 9999ms; retransmit-timeout: 99s"
                )
                .replacing("SElinux=disabled", with: "SElinux=XXXXX").replacing(#/(?m)^debug .*$/#, with: "debug ...")
                .replacing("/usr/local", with: "PATH")
            let expected = console.components("\n ipsec auto --status\n")
            #expect(expected.contains { $0.hasPrefix(text) }, "\(host):\n\(text)")
        }
    }

    @Test func `a ticket's line, a connection that is up, and its algorithms`() {
        let hosts = WestEast.hosts("\tsession-resumption=yes")
        for host in [hosts.west, hosts.east] { _ = hosts.run("ipsec add west-east", on: host) }
        let before = hosts.run("ipsec connectionstatus", on: hosts.west)
        #expect(before.contains("\"west-east\":   session resume ticket: none\n"))
        #expect(before.contains("+ESN_NO+ESN_YES+RESUME;\n"))
        _ = hosts.run("ipsec up west-east", on: hosts.west)
        hosts.wait(.seconds(10))
        let status = hosts.run("ipsec status", on: hosts.west)
        #expect(
            status.contains(#/\n"west-east":   session resume ticket: length: [1-9][0-9]+ bytes; expires-in: 3590s;\n/#)
        )
        #expect(status.contains("; routed-tunnel; my_ip=unset;"))
        #expect(status.contains("IKEv2 algorithm newest: AES_GCM_16_256-HMAC_SHA2_512-DH19\n"))
        #expect(status.contains("ESP algorithm newest: AES_GCM_16_256-NONE; pfsgroup=<Phase1>\n"))
        #expect(status.contains("IKE SAs: total(1), half-open(0), open(0), authenticated(1), anonymous(0)\n"))
        #expect(
            sanitized(hosts.run("ipsec showstates", on: hosts.west)) == """
                #1: "west-east":500 ESTABLISHED_IKE_SA (established IKE SA); REKEY in XXs; REPLACE in XXs; newest; idle;
                #2: "west-east":500 ESTABLISHED_CHILD_SA (established Child SA); REKEY in XXs; REPLACE in XXs; newest; eroute owner; IKE SA #1; idle;
                #2: "west-east" esp.ESPSPIi@192.1.2.23 esp.ESPSPIi@192.1.2.45 tun.0@192.1.2.23 tun.0@192.1.2.45 Traffic: ESPin=0B ESPout=0B ESPmax=2^63B \n
                """)
    }

    @Test func `what is configured is what is shown, and what cannot be done is refused`() {
        let hosts = WestEast.hosts(
            "\tiptfs-packet-size=1400\n\ttcp-remoteport=443\n\tmodecfgpull=yes\n\tmodecfgdns=192.0.2.53\n"
                + "\tmark=0x10/0xff\n\tmark-out=5\n")
        _ = hosts.run("ipsec add west-east", on: hosts.west)
        let text = hosts.run("ipsec connectionstatus west-east", on: hosts.west)
        for part in [
            "packet-size: 1400;", "iketcp-port:443;", "modecfg policy:pull, dns:192.0.2.53,",
            "mark: 16/0x0000ff, 5/0xffffffff;",
        ] {
            #expect(text.contains(part), "\(part)")
        }
        for setting in [
            "compress=yes", "iptfs=yes", "mtu=1300", "metric=5", "reauth=yes", "tfc=100",
            "nflog-group=3", "nic-offload=packet", "sha2-truncbug=yes", "leftusername=xroad", "mark=-1",
        ] {
            let refusing = WestEast.hosts("\t\(setting)\n")
            #expect(
                refusing.run("ipsec add west-east", on: refusing.west)
                    == "\"west-east\": failed to add connection: \(setting) is not supported\n")
        }
    }

    @Test
    func `config setup's values are shown as set; what has no effect is logged; what would hear too much is refused`() {
        func host(_ setup: String) -> SimulatedHost {
            SimulatedHost(
                seed: 1, interfaces: [interface("eth1", "192.1.2.45")],
                files: ["/etc/ipsec.conf": "config setup\n\tlogtime=no\n\t\(setup)\n"])
        }
        let set = host("ike-socket-bufsize=9000\n\tocsp-timeout=7\n\tcrlcheckinterval=5m\n\tocsp-enable=yes")
        let status = set.output[set.type("ipsec status")] ?? ""
        for part in ["ikebuf=9000,", "ocsp-timeout=7\n", "crlcheckinterval=5m,"] { #expect(status.contains(part)) }
        #expect(set.log.contains("/etc/ipsec.conf:6: ocsp-enable=yes is not supported and has no effect"))
        #expect(
            host("listen=192.1.2.45").startFailure?.contains("/etc/ipsec.conf:3: listen=192.1.2.45 is not") ?? false)
        #expect(host("listen-udp=no\n\tlisten-tcp=yes").startFailure == nil)
        #expect(host("listen=%any").startFailure == nil)
    }

    @Test func `the limits of half-open IKE SAs are the configured ones, and the brief status goes by them`() {
        func brief(_ setup: String) -> String {
            let host = SimulatedHost(
                seed: 1, interfaces: [], files: ["/etc/ipsec.conf": "config setup\n\t\(setup)\n"])
            return host.output[host.type("ipsec briefstatus")] ?? ""
        }
        #expect(brief("ddos-mode=auto").hasPrefix("State Information: DDoS cookies not required, Accepting new IKE"))
        #expect(brief("ddos-mode=busy").hasPrefix("State Information: DDoS cookies REQUIRED, Accepting new IKE"))
        #expect(brief("max-halfopen-ike=0").contains("cookies not required, NOT ACCEPTING new IKE"))
        let hosts = TwoHosts(
            configuration: WestEast.configuration().replacing("config setup", with: "config setup\n\tddos-mode=busy"),
            westSecrets: WestEast.secrets, eastSecrets: WestEast.secrets)
        for host in [hosts.west, hosts.east] { _ = hosts.run("ipsec add west-east", on: host) }
        _ = hosts.run("ipsec up west-east", on: hosts.west)
        let requests = hosts.east.log.count { $0.contains("exchange type: ISAKMP_v2_IKE_SA_INIT") }
        #expect(hosts.west.view.childSAs.count == 1)
        // The first request was answered with a cookie and left no state.
        #expect(requests == 2)
    }

    @Test func `a name that means nothing is said to mean nothing, by listings too`() {
        let hosts = WestEast.hosts()
        for command in ["connectionstatus", "trafficstatus", "whack --trafficstatus --name"] {
            let session = hosts.west.type("ipsec \(command) nosuch")
            #expect(hosts.west.output[session] == "no connection or alias named \"nosuch\"'\n")
            #expect(hosts.west.statuses[session] == 21)
        }
    }

    @Test func `an IKE port that another process has is not said to be listened on`() {
        let hosts = WestEast.hosts("\tleftikeport=4501\n")
        hosts.west.takenPorts = [4501]
        let text = hosts.run("ipsec add west-east", on: hosts.west)
        #expect(text.hasPrefix("\"west-east\": cannot listen on UDP port 4501, which others use\n"))
        #expect(!hosts.run("ipsec status", on: hosts.west).contains("UDP/4501"))
        hosts.west.takenPorts = []
        #expect(
            hosts.run("ipsec add west-east", on: hosts.west)
                .contains("\"west-east\": adding interface eth1 192.1.2.45:UDP/4501 (NAT fixed)\n"))
        #expect(hosts.run("ipsec status", on: hosts.west).contains("interface eth1 192.1.2.45:UDP/4501\n"))
    }

    @Test func `the log's time has the clock's microseconds`() {
        let host = SimulatedHost(seed: 1, interfaces: [], files: ["/etc/ipsec.conf": "config setup\n"])
        host.view.wallClockMicroseconds += 12_345
        _ = host.type("ipsec whack --listen")
        #expect(host.log.last == "May 21 10:03:09.012345: listening for IKE messages")
    }

    @Test func `the packet that starts a connection is told with its own ports`() {
        let hosts = WestEast.hosts()
        _ = hosts.run("ipsec add west-east", on: hosts.west)
        func told(_ ipProtocol: UInt8, _ ports: (UInt16, UInt16)) -> String? {
            hosts.west.tell(
                .dataPlane(
                    .acquire(
                        ConnectionID(1),
                        AcquiringPacket(
                            source: IPAddress("192.0.1.254")!, destination: IPAddress("192.0.2.254")!,
                            ipProtocol: ipProtocol, sourcePort: ports.0, destinationPort: ports.1))))
            return hosts.west.log.last { $0.contains("on-demand") }
        }
        let start = "\"west-east\": initiate on-demand for packet 192.0.1.254:"
        #expect(told(1, (8, 0)) == start + "8-ICMP->192.0.2.254:0")
        #expect(told(17, (7001, 53)) == start + "7001-UDP->192.0.2.254:53")
    }

    // MARK: The kernel's listings

    private func state(
        _ suite: ESPSuite, mode: ESPMode = .tunnel, isInbound: Bool, sequence: UInt64 = 0, bitmap: UInt32 = 0,
        used: Int64? = nil
    ) -> SAState {
        let direction = ESPDirection(
            spi: ESPSPI(isInbound ? 0x1234_5678 : 0xabc), encryptionKey: SecretBytes([0x0f, 0xab]),
            integrityKey: SecretBytes([0x01]))
        let installation = ChildInstallation(
            child: ChildSAID(1), connection: ConnectionID(1), reqid: 16388, mode: mode,
            local: IPAddress("192.1.2.45")!, remote: IPAddress("192.1.2.23")!, encapsulation: .none, suite: suite,
            inbound: direction, outbound: direction,
            localSelectors: [TrafficSelector(IPPrefix("192.1.2.45")!)],
            remoteSelectors: [TrafficSelector(IPPrefix("192.1.2.23")!)], replayWindow: 128)
        return SAState(
            installation: installation, isInbound: isInbound, sequence: sequence, replayBitmap: [bitmap, UInt32.max],
            lastUsedSeconds: used)
    }

    fileprivate func listing(_ command: String, _ change: (FakeDaemonView) -> Void) -> String {
        let view = FakeDaemonView()
        change(view)
        let effects = PlutoDialect().accept(
            ClientRequest(arguments: ["ipsec", "_kernel", command], workingDirectory: "/"), from: SessionID(1), view)
        return effects.reduce(into: "") { if case .write(_, let text) = $1 { $0 += text } }
    }

    @Test func `SAs as ip xfrm state lists them`() {
        let gcm = ESPSuite(
            cipher: CipherChoice(.aesGCM16, keyBits: 256), integrity: .none, extendedSequenceNumbers: true)
        let cbc = ESPSuite(
            cipher: CipherChoice(.tripleDES), integrity: .hmacSHA2_256_128, extendedSequenceNumbers: true)
        let text = listing("state") { view in
            view.saStates = [
                state(gcm, isInbound: false, sequence: 1, used: 1_747_821_789),
                state(gcm, isInbound: true, sequence: 34, bitmap: 0b111),
                state(cbc, mode: .transport, isInbound: true),
            ]
        }
        #expect(
            text == """
                src 192.1.2.45 dst 192.1.2.23
                \tproto esp spi 0x00000abc reqid 16388 mode tunnel
                \treplay-window 0 flag af-unspec esn
                \taead rfc4106(gcm(aes)) 0x0fab 128
                \tlastused 2025-05-21 10:03:09
                \tanti-replay esn context:
                \t seq-hi 0x0, seq 0x0, oseq-hi 0x0, oseq 0x1
                \t replay_window 0, bitmap-length 0
                src 192.1.2.23 dst 192.1.2.45
                \tproto esp spi 0x12345678 reqid 16388 mode tunnel
                \treplay-window 0 flag af-unspec esn
                \taead rfc4106(gcm(aes)) 0x0fab 128
                \tanti-replay esn context:
                \t seq-hi 0x0, seq 0x22, oseq-hi 0x0, oseq 0x0
                \t replay_window 128, bitmap-length 4
                \t 00000000 00000000 00000003 80000003 \n\
                src 192.1.2.23 dst 192.1.2.45
                \tproto esp spi 0x12345678 reqid 16388 mode transport
                \treplay-window 0 flag esn
                \tauth-trunc hmac(sha256) 0x01 128
                \tenc cbc(des3_ede) 0x0fab
                \tanti-replay esn context:
                \t seq-hi 0x0, seq 0x0, oseq-hi 0x0, oseq 0x0
                \t replay_window 128, bitmap-length 4
                \t 00000000 00000000 00000000 00000000 \n\
                \tsel src 192.1.2.23/32 dst 192.1.2.45/32 \n
                """)
    }

    @Test func `policies as libreswan's script lists them, sorted`() {
        func policy(_ from: String, _ to: String, _ direction: PolicyDirection) -> PolicyState {
            PolicyState(
                source: TrafficSelector(IPPrefix(from)!), destination: TrafficSelector(IPPrefix(to)!),
                direction: direction, priority: 1_757_393, mode: .tunnel, reqid: 16388,
                templateSource: IPAddress(direction == .outbound ? "192.1.2.45" : "192.1.2.23")!,
                templateDestination: IPAddress(direction == .outbound ? "192.1.2.23" : "192.1.2.45")!)
        }
        let text = listing("policy") { view in
            view.policyStates = [
                policy("192.0.2.0/24", "192.0.1.0/24", .inbound), policy("192.0.2.0/24", "192.0.1.0/24", .forward),
                policy("192.0.1.0/24", "192.0.2.0/24", .outbound),
            ]
        }
        #expect(
            text == """
                src 192.0.1.0/24 dst 192.0.2.0/24
                \tdir out priority 1757393 ptype main
                \ttmpl src 192.1.2.45 dst 192.1.2.23
                \t\tproto esp reqid 16388 mode tunnel
                src 192.0.2.0/24 dst 192.0.1.0/24
                \tdir fwd priority 1757393 ptype main
                \ttmpl src 192.1.2.23 dst 192.1.2.45
                \t\tproto esp reqid 16388 mode tunnel
                src 192.0.2.0/24 dst 192.0.1.0/24
                \tdir in priority 1757393 ptype main
                \ttmpl src 192.1.2.23 dst 192.1.2.45
                \t\tproto esp reqid 16388 mode tunnel

                """)
    }
}

extension StatusTests {
    @Test func `policies are in the order of their numbers; a bypass has no template, a trap one direction`() {
        func policy(_ from: String, _ to: String, _ direction: PolicyDirection, _ action: PolicyAction) -> PolicyState {
            PolicyState(
                source: TrafficSelector(IPPrefix(from)!), destination: TrafficSelector(IPPrefix(to)!),
                direction: direction, priority: 7, mode: .transport, reqid: 16388,
                templateSource: IPAddress("::")!, templateDestination: IPAddress("::")!, action: action)
        }
        var discovery = policy("::/0", "::/0", .outbound, .bypass)
        discovery.source = TrafficSelector(
            IPPrefix("::/0")!.range, ipProtocol: 58, startPort: 135 << 8, endPort: 135 << 8 | 255)
        let text = listing("policy") { view in
            view.policyStates = [
                policy("192.0.20.0/24", "192.0.3.0/24", .inbound, .protect), discovery,
                policy("2001:db8:0:20::/64", "2001:db8::/64", .outbound, .onDemand),
                policy("192.0.3.0/24", "192.0.20.0/24", .outbound, .protect),
                policy("2001:db8:0:3::/64", "2001:db8::/64", .inbound, .onDemand),
            ]
        }
        #expect(
            text == """
                src 192.0.3.0/24 dst 192.0.20.0/24
                \tdir out priority 7 ptype main
                \ttmpl src 0.0.0.0 dst 0.0.0.0
                \t\tproto esp reqid 16388 mode transport
                src 192.0.20.0/24 dst 192.0.3.0/24
                \tdir in priority 7 ptype main
                \ttmpl src 0.0.0.0 dst 0.0.0.0
                \t\tproto esp reqid 16388 mode transport
                src ::/0 dst ::/0 proto ipv6-icmp type 135
                \tdir out priority 7 ptype main
                src 2001:db8:0:20::/64 dst 2001:db8::/64
                \tdir out priority 7 ptype main
                \ttmpl src :: dst ::
                \t\tproto esp reqid 0 mode transport

                """)
    }
}

extension String {
    /// What follows each occurrence.
    fileprivate func components(_ separator: String) -> [String] {
        var result: [String] = []
        var rest = self[...]
        while let range = rest.firstRange(of: separator) {
            rest = rest[range.upperBound...]
            result.append(String(rest))
        }
        return result
    }
}
