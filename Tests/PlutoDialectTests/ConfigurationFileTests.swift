import IKEModel
import IKEWire
import NetAddress
import PlutoDialect
import Testing

/// ipsec.conf, from text to settings.
struct ConfigurationFileTests {
    private func parse(_ files: [String: String]) throws(ConfigurationError) -> ConfigurationFile {
        try ConfigurationFile(parsing: "/etc/ipsec.conf", from: FakeFiles.source(files))
    }

    private func settings(_ body: String, name: String = "a") throws(ConfigurationError) -> ConnectionSettings {
        let resolver = ConnectionResolver(try parse(["/etc/ipsec.conf": body]))
        guard let assignments = try resolver.assignments(of: name) else {
            fatalError("no conn \(name) in the test's text")
        }
        return try ConnectionSettings(name: name, assignments)
    }

    @Test func `comments, quotes, tabs and odd spacing`() throws {
        let one = try settings(
            """
            # a comment
            version 2.0

            config setup
            \tplutodebug="all"  # behind a value
            conn\ta
              left = 192.0.2.1
            \t# inside
            \tright=192.0.2.2 # and behind
            \tleftid="@west # no comment"
            \trightid='@east'
            \tauthby=secret

            \tauto=add
            """)
        #expect(one.left.host == .address(IPAddress("192.0.2.1")!))
        #expect(one.right.host == .address(IPAddress("192.0.2.2")!))
        #expect(one.left.identification == Identification(type: .fqdn, data: Array("west # no comment".utf8)))
        #expect(one.right.identification?.plutoText == "@east")
        #expect(one.start == .add)
    }

    @Test func `also and default: own before also, also before default, chains`() throws {
        let text = """
            conn %default
            \tikelifetime=1h
            \tsalifetime=2h
            \trekeyfuzz=10%
            conn a
            \talso=b
            \tleft=192.0.2.1
            \tikelifetime=3h
            conn b
            \talso=c
            \tsalifetime=4h
            \tleft=192.0.2.9
            conn c
            \tright=192.0.2.2
            \trekeymargin=5m
            """
        let one = try settings(text)
        #expect(one.left.host == .address(IPAddress("192.0.2.1")!))
        #expect(one.right.host == .address(IPAddress("192.0.2.2")!))
        #expect(one.ikeLifetime == .seconds(3 * 3600))
        #expect(one.childLifetime == .seconds(4 * 3600))
        #expect(one.rekeyMargin == .seconds(300))
        #expect(one.rekeyFuzzPercent == 10)
    }

    @Test(.timeLimit(.minutes(1)))
    func `also along very many ways to the same section takes no longer`() throws {
        // 2^40 ways from the first to the last.
        let levels = (0..<40).map { "conn a\($0)\n\talso=b\($0)\n\talso=c\($0)\n" }.joined()
        let joins = (0..<40).map { "conn b\($0)\n\talso=a\($0 + 1)\nconn c\($0)\n\talso=a\($0 + 1)\n" }.joined()
        let one = try settings(levels + joins + "conn a40\n\tleft=192.0.2.1\n", name: "a0")
        #expect(one.left.host == .address(IPAddress("192.0.2.1")!))
    }

    @Test func `includes, with a pattern and relative to their file`() throws {
        let file = try parse([
            "/etc/ipsec.conf": "include ipsec.d/*.conf\nconn a\n\tleft=192.0.2.1\n",
            "/etc/ipsec.d/1.conf": "conn b\n\tleft=192.0.2.2\n", "/etc/ipsec.d/2.conf": "conn c\n\talso=b\n",
            "/etc/ipsec.d/deep/3.conf": "conn d\n",
        ])
        #expect(file.connections.map(\.name) == ["b", "c", "a"])
        #expect(file.section("b")?.assignments.first?.file == "/etc/ipsec.d/1.conf")
    }

    @Test func `several subnets, and a list of alternatives`() throws {
        let one = try settings(
            "conn a\n\tleft=%defaultroute\n\tleftsubnet=192.0.2.0/24,2001:db8::/32\n\trightsubnets=192.0.3.0/24 192.0.4.0/24\n"
        )
        #expect(one.left.host == .defaultRoute)
        #expect(one.left.subnets.map(\.description) == ["192.0.2.0/24", "2001:db8::/32"])
        #expect(one.right.subnetAlternatives.count == 2)
    }

    @Test(arguments: [
        ("2000", Duration.milliseconds(2000)), ("500ms", .milliseconds(500)), ("5s", .seconds(5)),
        ("2m", .seconds(120)),
    ])
    func `a retransmission interval without a unit is in milliseconds`(_ text: String, _ expected: Duration) throws {
        #expect(try settings("conn a\n\tretransmit-interval=\(text)\n").retransmitInterval == expected)
    }

    struct Wrong: Sendable, CustomTestStringConvertible {
        var text: String
        var line: Int
        var part: String
        var testDescription: String { part }
    }

    @Test(arguments: [
        Wrong(text: "conn a\n\tleft=192.0.2.1\n\tfoo=bar\n", line: 3, part: "unrecognized conn keyword 'foo'"),
        Wrong(text: "config setup\n\n\tbar=1\n", line: 3, part: "unrecognized 'config setup' keyword 'bar'"),
        Wrong(text: "conn a\n\tleft\n", line: 2, part: "syntax error, expecting KEYWORD=VALUE [left]"),
        Wrong(text: "\tleft=192.0.2.1\n", line: 1, part: "outside of a section"),
        Wrong(text: "conn a\n\tleftid=\"@west\n", line: 2, part: "unterminated quoted string"),
        Wrong(text: "conn a b\n", line: 1, part: "syntax error, unexpected STRING [conn]"),
        Wrong(text: "left=192.0.2.1\n", line: 1, part: "syntax error"),
        Wrong(text: "conn a\n\talso=b\n", line: 2, part: "also=b: no such connection"),
        Wrong(text: "conn a\n\talso=b\nconn b\n\talso=a\n", line: 4, part: "loop (a -> b -> a)"),
        Wrong(text: "conn a\n\tleft=192.0.2.256\n", line: 2, part: "bad value '192.0.2.256' of 'left'"),
        Wrong(text: "conn a\n\tleftsubnet=192.0.2.1/24\n", line: 2, part: "as in 192.0.2.0/24"),
        Wrong(text: "conn a\n\tikelifetime=8x\n", line: 2, part: "expecting a time"),
        Wrong(text: "conn a\n\tsalifetime=0\n", line: 2, part: "expecting a time of a second at least"),
        Wrong(text: "conn a\n\trekeyfuzz=ten\n", line: 2, part: "expecting a percentage"),
        Wrong(text: "conn a\n\tpfs=maybe\n", line: 2, part: "expecting yes or no"),
        Wrong(text: "conn a\n\treplay-window=5000\n", line: 2, part: "0 up to 4096"),
        Wrong(text: "conn a\n\tmark=ten\n", line: 2, part: "NUMBER/MASK"),
        Wrong(text: "conn a\n\tauto=never\n", line: 2, part: "of 'auto'"),
        Wrong(text: "include /etc/other.conf\n", line: 1, part: "can't load file '/etc/other.conf'"),
        Wrong(text: "include /etc/ipsec.conf\n", line: 0, part: "does the file include itself"),
        Wrong(text: "conn a\n\tleft=\u{1}\n", line: 2, part: "control character 0x1"),
    ])
    func `a mistake is told with file and line`(_ wrong: Wrong) {
        let error = #expect(throws: ConfigurationError.self) {
            let file = try parse(["/etc/ipsec.conf": wrong.text])
            _ = try SetupConfiguration(file.setup)
            let resolver = ConnectionResolver(file)
            try resolver.check()
            for name in resolver.names { _ = try ConnectionSettings(name: name, resolver.assignments(of: name) ?? []) }
        }
        #expect(error?.line == wrong.line)
        #expect(error?.file == "/etc/ipsec.conf")
        #expect(error?.description.contains(wrong.part) ?? false, "\(String(describing: error))")
    }

    @Test(.enabled(if: SharedFolder.isThere, SharedFolder.reason))
    func `every ipsec.conf of libreswan's transcripts is read without error`() throws {
        let base = "reference/libreswan-transcripts"
        var read = 0
        for folder in try SharedFolder.list(base) where !folder.hasSuffix(".md") {
            for name in try SharedFolder.list("\(base)/\(folder)") where name.hasSuffix(".conf") {
                let text = try SharedFolder.text("\(base)/\(folder)/\(name)")
                // Files that these include are not given: policy groups and generated ones.
                let given = ["/etc/ipsec.conf": text.replacing(#/(?m)^include .*$/#, with: "")]
                do {
                    let file = try parse(given)
                    _ = try SetupConfiguration(file.setup)
                    let resolver = ConnectionResolver(file)
                    try resolver.check()
                    for connection in resolver.names {
                        _ = try ConnectionSettings(name: connection, resolver.assignments(of: connection) ?? [])
                    }
                    read += 1
                } catch {
                    Issue.record("\(folder)/\(name): \(error)")
                }
            }
        }
        #expect(read > 120)
    }

    @Test(.enabled(if: SharedFolder.isThere, SharedFolder.reason))
    func `every ipsec.secrets of libreswan's transcripts is read without error`() throws {
        let base = "reference/libreswan-transcripts"
        var keys = 0
        for folder in try SharedFolder.list(base) where !folder.hasSuffix(".md") {
            for name in try SharedFolder.list("\(base)/\(folder)") where name.hasSuffix("secrets") {
                let text = try SharedFolder.text("\(base)/\(folder)/\(name)")
                do {
                    let file = try SecretsFile(parsing: "/s", from: FakeFiles.source(["/s": text]))
                    keys += file.keys.entries.count
                } catch {
                    Issue.record("\(folder)/\(name): \(error)")
                }
            }
        }
        #expect(keys > 100)
    }
}
