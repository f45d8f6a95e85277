import Testing

@testable import CiscoDialect

/// The command line that ASA and IOS share: shortened words, and what is wrong with a line.
struct CommandLineTests {
    private static let table = CommandTable<Int>([
        .init("show crypto ipsec sa", 1), .init("show crypto ikev2 sa", 2), .init("show running-config", 3),
        .init("configure terminal", 4), .init("crypto map <name> <1-65535> set peer = <address>", 5),
        .init("crypto map <name> interface = <name>", 6), .init("description = <rest>", 7),
        .init("clear crypto ipsec sa", 8),
    ])

    @Test(arguments: [
        ("show crypto ipsec sa", 1), ("sh cry ips sa", 1), ("sh cr ik sa", 2), ("SHOW RUN", 3), ("conf t", 4),
        ("cry map CM 2 set peer 203.0.113.2", 5), ("crypto map CM int INTERNET", 6), ("des a b  c", 7),
    ])
    func `words may be shortened while they are unique`(line: String, action: Int) throws {
        #expect(try Self.table.match(line).rule.action == action)
    }

    @Test(arguments: [
        ("show crypto ipsec xy", CommandError.invalid(column: 18)), ("bow", .invalid(column: 0)),
        ("show  nothing", .invalid(column: 6)), ("crypto map CM 0 set peer 1.2.3.4", .invalid(column: 14)),
        ("crypto map CM 1 set peer 1.2.3.400", .invalid(column: 25)),
        ("show crypto ipsec sa now", .invalid(column: 21)),
        ("show crypto", .incomplete), ("conf", .incomplete), ("description", .incomplete),
        ("c map", .ambiguous("c map")), ("show crypto i", .ambiguous("show crypto i")),
    ])
    func `what is no command is told where it begins to be none`(line: String, error: CommandError) {
        #expect(throws: error) { try Self.table.match(line) }
    }

    @Test func `a line is kept in full, and names the one that it replaces`() throws {
        let match = try Self.table.match("cry m CM 2 se pe 203.0.113.2")
        #expect(match.words == ["crypto", "map", "CM", "2", "set", "peer", "203.0.113.2"])
        #expect(match.identity == ["crypto", "map", "CM", "2", "set", "peer"])
        #expect(match.arguments == ["CM", "2", "203.0.113.2"])
    }

    @Test func `a question mark lists what may come next`() throws {
        #expect(try Self.table.help("show ") == ["crypto", "running-config"])
        #expect(try Self.table.help("show crypto i") == ["ikev2", "ipsec"])
        #expect(try Self.table.help("crypto map CM ") == ["<1-65535>", "interface"])
        #expect(try Self.table.help("conf t ") == ["<cr>"])
    }

    @Test func `the caret stands below the word, behind the prompt`() {
        #expect(
            CommandError.invalid(column: 5).text(promptWidth: 9, lead: "ERROR: ")
                == "              ^\nERROR: % Invalid input detected at '^' marker.\n")
    }
}
