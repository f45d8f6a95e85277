import Glibc
import Testing

@testable import Transcript

/// Each rule by a table: what it rewrites, and what looks alike and stays.
struct SanitizerRuleTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let rule: String
        /// The command that prints `before`.
        var command = "ipsec x"
        let before: String
        /// nil: removed.
        let after: String?
        var testDescription: String { "\(rule): \(before)" }

        init(_ rule: String, _ before: String, _ after: String?, by command: String = "ipsec x") {
            (self.rule, self.before, self.after, self.command) = (rule, before, after, command)
        }

        static func stays(_ rule: String, _ line: String, by command: String = "ipsec x") -> Row {
            Row(rule, line, line, by: command)
        }
    }

    static let rows: [Row] = libreswanRows + ciscoRows

    private static let libreswanRows: [Row] = [
        Row("nocr: carriage-return", "up\r", "up"),
        Row("nocr: empty-line", "", nil),
        .stays("nocr: empty-line", " "),
        Row("kernel: message-time", "[  123.456789] alg: No test for x", "[ 00.00] alg: No test for x"),
        .stays("kernel: message-time", "[1.5]"),
        Row("kernel: benign-message", "[ 12.5] random: crng init done", nil),
        Row(
            "ipsec-start: redirecting", "Redirecting to: systemctl start ipsec.service", "Redirecting to: [initsystem]"),
        Row(
            "ipsec-start: process-number", "pluto is running (pid: 4711)", "pluto is running (pid: PID)",
            by: "ipsec start"),
        .stays("ipsec-start: process-number", "pluto is running (pid: 4711)"),
        Row("ipsec-stop: shutting-down", "Pluto is shutting down", nil, by: "ipsec stop"),
        Row("ipsec-stop: shutting-down", "Pluto is shutting down", nil, by: "ipsec restart"),
        .stays("ipsec-stop: shutting-down", "Pluto is shutting down", by: "ipsec whack --shutdown"),
        Row(
            "pluto-whack-sanitize: esp-spi", "{ESP/ESN=>0x12ab34cd <0x0 xfrm=AES_GCM_16_256-NONE DPD=passive}",
            "{ESP/ESN=>0xESPESP <0xESPESP xfrm=AES_GCM_16_256-NONE DPD=passive}"),
        Row(
            "libreswan-4: state-age", "deleting state aged 2.629125s and sending",
            "deleting state aged X.XXs and sending"),
        .stays("libreswan-4: state-age", "the state aged 2 s"),
        Row("pluto-whack-sanitize: esp-spi", "Child SA #2 {ESP <0xdeadbeef}", "Child SA #2 {ESP <0xESPESP}"),
        Row(
            "pluto-whack-sanitize: esp-spi", "{ESPinTCP/ESN=>0x1 <0x2 xfrm=a}",
            "{ESPinTCP/ESN=>0xESPESP <0xESPESP xfrm=a}"),
        Row("pluto-whack-sanitize: esp-spi", "{ESP <0x1} and {ESP <0x2}", "{ESP <0xESPESP} and {ESP <0xESPESP}"),
        .stays("pluto-whack-sanitize: esp-spi", "{cipher=AES_GCM_16_256 integ=n/a group=DH19}"),
        .stays("pluto-whack-sanitize: esp-spi", "spi <0x12345678 outside of braces"),
        .stays("pluto-whack-sanitize: esp-spi", "{ESP=>0x123456789 <0x12345g}"),
        Row("pluto-whack-sanitize: ah-spi", "{AH=>0xabcdef01 <0x12345678 xfrm=n}", "{AH=>0xAHAH <0xAHAH xfrm=n}"),
        Row(
            "pluto-whack-sanitize: cpi", "{ESP=>0x12345678 <0x23456789 xfrm=x IPCOMP=>0x4b2a <0x9c1e DPD=no}",
            "{ESP=>0xESPESP <0xESPESP xfrm=x IPCOMP=>0xCPI <0xCPI DPD=no}"),
        Row("pluto-whack-sanitize: rsa-size", "and 3104-bit RSASSA-PSS", "and 3nnn-bit RSASSA-PSS"),
        .stays("pluto-whack-sanitize: rsa-size", "2048-bit MODP"),
        Row("pluto-whack-sanitize: message-id", "{using isakmp#1 msgid:0a1b2c3d}", "{using isakmp#1 msgid:MSGID}"),
        Row("pluto-whack-sanitize: event-time", "REKEY in 27915s; REPLACE in -1s;", "REKEY in XXs; REPLACE in XXs;"),
        .stays("pluto-whack-sanitize: event-time", "dispatch REVIVAL; attempt 1 next in 5s; timeout IKE SA"),
        .stays("pluto-whack-sanitize: event-time", "revival attempt 1 scheduled in 0 seconds"),
        Row("pluto-whack-sanitize: remaining-life", "remaining life 3599s", "remaining life XXs"),
        Row("pluto-whack-sanitize: add-time", "add_time=1763686750, inBytes=84", "add_time=1234567890, inBytes=84"),
        Row("pluto-whack-sanitize: age", "%trap age=12 id=x", "%trap age=XXX id=x"),
        .stays("pluto-whack-sanitize: age", "ocsp-cache-min-age=3600"),
        Row("tcpdump: spi", "ESP(spi=0x0a,seq=0x1)", "ESP(spi=0xXXXX,seq=0x1)", by: "tcpdump -r x"),
        Row("pluto-whack-sanitize: serial-number", "SN: 0x01ab", "SN: 0xXX"),
        Row("pluto-whack-sanitize: fragment-count", "(reassembled from 3 fragments)", "(reassembled from N fragments)"),
        Row("pluto-whack-sanitize: network-error", "ERROR: asynchronous network error report on eth1", nil),
        Row("pluto-whack-sanitize: peer-namespace", "Warning: peer netns reference is invalid.", nil),
        Row("namespace: note", "namespace: west", nil),
        Row(
            "namespace: veth-peer", "    link/ether 12:00:00:64:64:45 brd ff:ff:ff:ff:ff:ff link-netnsid 0",
            "    link/ether 12:00:00:64:64:45 brd ff:ff:ff:ff:ff:ff"),
        Row("xfrmi: link-none", "    link/none ", nil),
        .stays("xfrmi: link-none", "    link/ipip 192.1.3.33 peer 192.1.2.23"),
        Row(
            "xfrmi: interface-state",
            "17: ipsec1@NONE: <NOARP,UP,LOWER_UP> mtu 1500 qdisc noqueue state UNKNOWN mode DEFAULT group default qlen 1000",
            "X: ipsec1@NONE: <NOARP,UP,LOWER_UP> mtu 1500 state UNKNOWN"),
        Row("xfrmi: interface-number", "9: eth0@if8: <BROADCAST> mtu 1500", "2: eth0: <BROADCAST> mtu 1500"),
        Row("xfrmi: interface-number", "12: eth1: <BROADCAST> mtu 1500", "3: eth1: <BROADCAST> mtu 1500"),
        Row("xfrmi: link-local", "inet6 fe80::1000:ff:fe64:6445/64 scope link", "inet6 fe80::xxxx/64 scope link"),
        .stays("xfrmi: link-local", "src fe80::/10 dst 2001:db8:1:3::209/128"),
        Row("ipsec-status: reqid", "eroute owner; reqid=16389;", "eroute owner; reqid=REQID;"),
        Row(
            "ipsec-kernel-state: reqid", "proto esp reqid 16389 mode tunnel", "proto esp reqid REQID mode tunnel",
            by: "ipsec _kernel policy"),
        .stays("ipsec-kernel-state: reqid", "proto esp reqid 16389 mode tunnel", by: "./helper.sh"),
        .stays("ipsec-kernel-state: reqid", "proto esp reqid 0 mode transport", by: "ipsec _kernel state"),
        .stays("ipsec-kernel-state: reqid", "proto esp reqid 1001 mode transport", by: "ipsec _kernel state"),
        Row(
            "ipsec-status: path", "sbindir=/usr/local/sbin, libexecdir=/usr/libexec/ipsec",
            "sbindir=PATH/sbin, libexecdir=PATH/libexec/ipsec"),
        Row("ipsec-status: last-used", "used 3s ago", "used XXs ago"),
        Row("ipsec-status: key-id", "RSA keyid: AwEAAbEfg", "RSA keyid: AwXXXXXXX"),
        Row("ipsec-status: key-id", "RSA keyid: BQOm9dY/4", "RSA keyid: BXXXXXXXX"),
        Row(
            "ipsec-status: sa-spi", "#2: \"w\" esp.1a2b3c4d@192.1.2.23 tun.0@192.1.2.23 Traffic: ESPin=84B",
            "#2: \"w\" esp.ESPSPIi@192.1.2.23 tun.0@192.1.2.23 Traffic: ESPin=84B"),
        Row("ipsec-status: sequence", "seq in:17 out:4", "seq in:XXXXX out:YYYYY"),
        Row("ipsec-status: security-label", "SElinux=disabled", "SElinux=XXXXX"),
        Row(
            "ipsec-status: ticket", "ticket: length: 856 bytes; expires-in: 3600s;",
            "ticket: length: B bytes; expires-in: Ns;"),
        Row(
            "retransmit-sanitize: interval", "retransmit-interval: 500ms; retransmit-timeout: 60s; iketcp:no;",
            "retransmit-interval: 9999ms; retransmit-timeout: 99s; iketcp:no;"),
        .stays("retransmit-sanitize: interval", "liveness: passive; dpddelay:0s; retransmit-timeout:60s"),
        Row("misc-sanitize: job", "[1] 4711", "[x] PID"),
        .stays("misc-sanitize: job", "[1] 4711 bottles"),
        Row("misc-sanitize: last-contact", "last_contact=12.345", "last_contact=XX.XXX"),
        Row("misc-sanitize: socket", "TCP: socket 17: connecting", "TCP: socket XX: connecting"),
        Row("misc-sanitize: version", "Libreswan v5.2-213-gabc starting", "Libreswan vA.B.C starting"),
        Row(
            "misc-sanitize: replay-bitmap", "\t 00000000 00000000 00000000 0000000f ",
            "\t 00000000 00000000 00000000 XXXXXXXX "),
        .stays("misc-sanitize: replay-bitmap", " 12345678 apples"),
        Row(
            "misc-sanitize: sequence", "\t seq-hi 0x0, seq 0x1, oseq-hi 0x0, oseq 0x2f",
            "\t seq-hi 0x0, seq 0xXX, oseq-hi 0x0, oseq 0xXX", by: "ipsec _kernel state"),
        .stays("misc-sanitize: sequence", "\t seq-hi 0x0, seq 0x1", by: "ipsec x"),
        Row("misc-sanitize: debug", "debug base+cpu-usage", "debug ...", by: "ipsec auto --status"),
        .stays("misc-sanitize: debug", "debug base+cpu-usage", by: "cat x"),
        Row("misc-sanitize: deprecated", "WARNING: ipsec auto has been deprecated", nil),
        Row(
            "tcpdump: time", "01:22:30.123456 IP 1.2.3.4 > 5.6.7.8: ESP(spi=0x0a,seq=0x1)",
            "IP 1.2.3.4 > 5.6.7.8: ESP(spi=0xXXXX,seq=0x1)", by: "../../guestbin/tcpdump.sh --stop -i eth1"),
        Row(
            "tcpdump: echo-id", "ICMP echo request, id 10, seq 1, length 64",
            "ICMP echo request, id XXXX, seq 1, length 64", by: "../../guestbin/tcpdump.sh --stop -i eth1"),
        Row("ikev2-proposal-sanitize: constructed", "\"x\": local IKE proposals for initiator", nil),
        Row("seccomp: state", "seccomp=disabled", "seccomp=OFF"),
        Row("all-date-sanitize: timestamp", "not before: Sat Nov 21 01:22:30 UTC 2026 ok", "not before: TIMESTAMP ok"),
        Row("all-date-sanitize: timestamp", "Nov  1 01:22:30 2026, b", "TIMESTAMP, b"),
        Row("all-date-sanitize: timestamp", "since Nov  1 01:22:30", "since TIMESTAMP"),
        .stays("all-date-sanitize: timestamp", "March 12 days"),
        Row("all-date-sanitize: days", "expires in 364 days", "expires in X days"),
        Row("impair: suppressing", "\"x\" #1: IMPAIR: suppressing retransmits; scheduling timeout in 60 seconds", nil),
        Row(
            "strongswan: listed-spi", "gw: #1, ESTABLISHED, IKEv2, f91bf07eae21746b_i* 71a59a2575c2641a_r",
            "gw: #1, ESTABLISHED, IKEv2, IKESPI_i* IKESPI_r"),
        Row(
            "strongswan: listed-spi", "    in  d9003f6b,      0 bytes,     0 packets",
            "    in  SPISPI,      0 bytes,     0 packets"),
        Row("strongswan: times", "scheduling rekeying in 9980s", "scheduling rekeying in Ns"),
        Row(
            "strongswan: times", "        home[1]: ESTABLISHED 2 minutes ago, 10.0.0.1[a]...10.0.0.2[b]",
            "        home[1]: ESTABLISHED N units ago, 10.0.0.1[a]...10.0.0.2[b]"),
        Row(
            "strongswan: times", "    installed 12s ago, rekeying in 3356s, expires in 3960s",
            "    installed Ns ago, rekeying in Ns, expires in Ns"),
        Row("strongswan: spi", "ESP SPIs: c1234567_i c89abcde_o", "ESP SPIs: SPISPI_i SPISPI_o"),
        Row(
            "syslog: process", "Nov 19 carol mip6d[1317]: MIPL started", "Nov 19 carol mip6d[PID]: MIPL started"),
        Row(
            "syslog: thread", "Nov 19 carol charon: 04[KNL]   XFRMA_MIGRATE",
            "Nov 19 carol charon: NN[KNL]   XFRMA_MIGRATE"),
        Row("syslog: spi", "12[KNL] got SPI c5959ac2 for reqid {1}", "12[KNL] got SPI SPISPI for reqid {1}"),
        Row(
            "syslog: spi", "14[KNL] adding SAD entry with SPI ca64ae98 and reqid {1}",
            "14[KNL] adding SAD entry with SPI SPISPI and reqid {1}"),
        Row("syslog: times", "14[IKE] scheduling rekeying in 3327s", "14[IKE] scheduling rekeying in Ns"),
        Row("syslog: times", "mh{1}:  x, last use: 45s_i no_o", "mh{1}:  x, last use: Ns_i no_o"),
        Row("syslog: times", "mh{1}:  x, last use: 6s_i 16s_o", "mh{1}:  x, last use: Ns_i Ns_o"),
        Row(
            "strongswan: listed-spi", "mh[1]: IKE SPIs: 58b6f8e6f23188fa_i* 63fdcfb55179c548_r",
            "mh[1]: IKE SPIs: IKESPI_i* IKESPI_r"),
        Row(
            "strongswan: times", "mh[1]: IKE SPIs: x, rekeying in 54 minutes", "mh[1]: IKE SPIs: x, rekeying in N units"
        ),
        Row("syslog: events", "job queue load: 0, scheduled events: 2", "job queue load: 0, scheduled events: N"),
        Row("syslog: binding-update", "sent Binding Update 50227 for care-of", "sent Binding Update SEQ for care-of"),
        .stays("syslog: binding-update", "a lifetime of 262140 s"),
        Row(
            "linux-audit: record", "type=X msg=audit(1763.123:45): pid=1234 uid=0 ipsec-spi=17(0x11)",
            "type=X msg=audit(XXX): pid=PID uid=0 ipsec-spi=DEC(HEX)"),
        Row(
            "ipsec-kernel-state: spi", "\tproto esp spi 0x0000beef reqid 16389 mode tunnel",
            "\tproto esp spi 0xSPISPI reqid REQID mode tunnel", by: "ipsec _kernel state"),
        .stays(
            "ipsec-kernel-state: spi", "\tproto esp spi 0x00000000 reqid 0 mode transport", by: "ipsec _kernel state"),
        Row(
            "ipsec-kernel-state: aead-key", "\taead rfc4106(gcm(aes)) 0x0011aaff 128",
            "\taead rfc4106(gcm(aes)) 0xENCAUTHKEY 128", by: "ipsec _kernel state"),
        Row(
            "ipsec-kernel-state: encryption-key", "\tenc cbc(aes) 0x0011", "\tenc cbc(aes) 0xENCKEY",
            by: "ip xfrm state"),
        Row(
            "ipsec-kernel-state: integrity-key", "\tauth-trunc hmac(sha1) 0x00ff 96",
            "\tauth-trunc hmac(sha1) 0xHASHKEY 96", by: "ipsec _kernel state"),
        .stays("ipsec-kernel-state: aead-key", "\taead rfc4106(gcm(aes)) 0x0011aaff 128", by: "cat keys"),
        Row(
            "ipsec-kernel-state: last-used", "\tlastused 2026-11-21 01:22:30", "\tlastused YYYY-MM-DD HH:MM:SS",
            by: "ipsec _kernel state"),
        Row(
            "ipsec-kernel-state: selector-port", "proto tcp sport 40000 dport 7", "proto tcp sport EPHEM dport 7",
            by: "ipsec _kernel state"),
        .stays(
            "ipsec-kernel-state: selector-port", "encap type espinudp sport 4500 dport 19999", by: "ipsec _kernel state"
        ),
        Row(
            "ipsec-kernel-policy: priority", "\tdir out priority 1757393 ptype main",
            "\tdir out priority PRIORITY ptype main", by: "ipsec _kernel policy"),
        .stays("ipsec-kernel-policy: priority", "\tdir out priority 0 ptype main", by: "ipsec _kernel policy"),
        Row("ephemeral-ports: port", "packet from 192.1.2.23:34567: x", "packet from 192.1.2.23:EPHEM: x"),
        .stays("ephemeral-ports: port", "[2001:db8::1]:4500 and 1.2.3.4:500"),
        .stays("ephemeral-ports: port", "192.1.2.23:19999 192.1.2.23:70000"),
        Row("ipsec-certutil: serial", "        Serial Number: 4 (0x4)", "        Serial Number: SERIAL"),
        Row(
            "ipsec-up: retransmission", "\"w\" #1: IKE_SA_INIT_I: retransmission; will wait 0.5 seconds for response",
            nil, by: "ipsec up w"),
        Row(
            "ipsec-up: retransmission", "\"w\" #1: IKE_SA_INIT_I: retransmission; will wait 4 seconds for response",
            nil, by: "ipsec auto --up w"),
        .stays(
            "ipsec-up: retransmission", "\"w\" #1: IKE_SA_INIT_I: retransmission; will wait 4 seconds for response",
            by: "ipsec whack --impair trigger_revival:2"),
        .stays(
            "ipsec-up: retransmission",
            "\"w\" #1: IKE_SA_INIT_I: 10 second timeout exceeded after 5 retransmits.  No response", by: "ipsec up w"),
        Row(
            "dig: query", ";; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 4711",
            ";; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: DNSID"),
        Row("dig: query", ";; Query time: 3 msec", ";; Query time: MS msec"),
    ]

    @Test(arguments: rows) func `a rule rewrites what it names and leaves what looks alike`(_ row: Row) {
        let (sanitized, changes) = Sanitizer.libreswan(host: "west").explain(
            Array("\(row.command)\n\(row.before)\n[root@west test]# ".utf8))
        let expected = "\(row.command)\n\(row.after.map { $0 + "\n" } ?? "")west #\n"
        #expect(String(decoding: sanitized, as: UTF8.self) == expected)
        if row.after == row.before {
            #expect(!changes.contains { $0.rule == row.rule })
        } else {
            #expect(changes.contains { $0.rule == row.rule && $0.line == 2 })
        }
    }

    @Test func `every rule has a row or a test of its own`() {
        let ownTests: Set = [
            "prompt: cut", "prompt: post-mortem", "prompt: end", "prompt: split", "iptables: legacy-warning",
            "sanitize-retransmits: retransmission", "pem: body", "pem: raw-key",
        ]
        let tested = Set(Self.rows.map(\.rule)).union(ownTests)
        let rules = Sanitizer.libreswan(host: "west").rules.map(\.fullName)
        #expect(Set(rules).count == rules.count)
        #expect(Set(rules).subtracting(tested) == [])
        #expect(tested.subtracting(rules) == [])
    }

    @Test func `a prompt is split even behind output that lacks its newline`() {
        let raw = "echo -n a\na[root@west t]# # note\n[root@west t]# true\n[root@west t]# "
        #expect(
            Sanitizer.libreswan(host: "west").sanitize(raw)
                == "echo -n a\na\nwest #\n # note\nwest #\n true\nwest #\n")
    }

    @Test func `another host's prompt is output, but a prompt where all hosts share the console`() {
        let raw = "a\n[root@east t]# b\n[root@west t]# "
        #expect(Sanitizer.libreswan(host: "west").sanitize(raw) == "a\n[root@east t]# b\nwest #\n")
        #expect(Sanitizer.libreswan(host: nil).sanitize(raw) == "a\neast #\n b\nwest #\n")
    }

    @Test func `what stands between cut and tuc goes, unless tuc is missing`() {
        let raw = "a\n1\n==== cut ====\n2\n==== tuc ====\n3\n[root@west t]# b\n==== cut ====\n4\n[root@west t]# "
        #expect(Sanitizer.libreswan(host: "west").sanitize(raw) == "a\n1\n3\nwest #\n b\n==== cut ====\n4\nwest #\n")
    }

    @Test func `what stands behind end goes`() {
        let raw = "a\n[root@west t]# : ==== end ====\n[root@west t]# b\nx\n[root@west t]# "
        #expect(Sanitizer.libreswan(host: "west").sanitize(raw) == "a\nwest #\n : ==== end ====\n")
    }

    @Test func `the runner's post-mortem and the warning of iptables go`() {
        let raw = """
            a
            # Warning: iptables-legacy tables present, use iptables-legacy to see them
            >>>>>>>>>> post-mortem >>>>>>>>>>
            core found
            <<<<<<<<<< post-mortem <<<<<<<<<<
            [root@west t]#
            """
        #expect(Sanitizer.libreswan(host: "west").sanitize(raw) == "a\nwest #\n")
    }

    @Test func `a comment can ask for retransmissions to go`() {
        let line = "\"w\" #1: IKE_AUTH_I: retransmission; will wait 1 seconds for response"
        let raw = "ipsec whack --x\n\(line)\n[root@west t]# # sanitize-retransmits\n[root@west t]# "
        #expect(
            Sanitizer.libreswan(host: "west").sanitize(raw)
                == "ipsec whack --x\nwest #\n # sanitize-retransmits\nwest #\n")
    }

    @Test func `the body of a PEM block goes and a prompt ends it`() {
        let raw =
            "cat c\n-----BEGIN X-----\nAAA\n-----END X-----\nrest\n-----BEGIN X-----\nBBB\n[root@west t]# cat d\nd\n"
        #expect(
            Sanitizer.libreswan(host: "west").sanitize(raw)
                == "cat c\n-----BEGIN X-----\n-----END X-----\nrest\n-----BEGIN X-----\nwest #\n cat d\nd\n")
    }

    @Test func `raw public keys are numbered, so that equal ones stay equal and others do not become so`() {
        let raw = """
            cat c
            \t# rsakey AwEAAc
            \tleftrsasigkey=0sAwEAAcXX
            \trightrsasigkey=0sAwEAAdYY
            \tleftrsasigkey=0sAwEAAcXX
            [root@west t]# echo leftrsasigkey=0sAA
            [root@west t]#
            """
        #expect(
            Sanitizer.libreswan(host: "west").sanitize(raw) == """
                cat c
                \t# rsakey <<KEYID#1>>
                \tleftrsasigkey=0s<<RAW-PUBKEY#1>>
                \trightrsasigkey=0s<<RAW-PUBKEY#2>>
                \tleftrsasigkey=0s<<RAW-PUBKEY#1>>
                west #
                 echo leftrsasigkey=0sAA
                west #

                """)
    }

    @Test func `rules that look at commands follow helper scripts' own prompts`() {
        let raw = "./x.sh\nbegin #\n ipsec stop\nPluto is shutting down\nend #\nPluto is shutting down\n[root@west t]# "
        #expect(
            Sanitizer.libreswan(host: "west").sanitize(raw)
                == "./x.sh\nbegin #\n ipsec stop\nend #\nPluto is shutting down\nwest #\n")
    }

    @Test func `ten times the text takes some ten times the work`() {
        let lines = Self.rows.map(\.before).joined(separator: "\n")
        let sanitizer = Sanitizer.libreswan(host: "west")
        // Of the processor's own time, so that other work counts for little; the least of several.
        func work(octets: Int) -> UInt64 {
            var raw = "ipsec _kernel state\n"
            while raw.utf8.count < octets { raw += lines + "\n[root@west test]# ipsec auto --status\n" }
            let text = Array(raw.utf8)
            return (0..<3).map { _ in
                let start = nanoseconds(CLOCK_THREAD_CPUTIME_ID)
                _ = sanitizer.sanitize(text)
                return nanoseconds(CLOCK_THREAD_CPUTIME_ID) - start
            }.min()!
        }
        let (small, great) = (work(octets: 10_000), work(octets: 100_000))
        // Quadratic work would be a hundred times as much.
        #expect(great < small * 30, "\(small) and \(great) ns")
    }

    private func nanoseconds(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
