import DialectKit
import NetAddress
import VPPForwarder

extension CommandTable {
    static let listingRows: [CommandRow] = [
        CommandRow("show interface", "show interface [address|<interface> [<interface> [..]]]") {
            (dialect, words, _) throws(CommandFailure) in
            let all = dialect.forwarder.interfaces.values.sorted { $0.name < $1.name }
            if words.take("address") || words.take("addr") {
                try words.finish()
                return CommandAnswer(all.map { InterfaceListing.addresses($0, dialect.forwarder) }.joined())
            }
            var named: [ForwarderInterface] = []
            while !words.isAtEnd { named.append(try words.interface(dialect)) }
            return CommandAnswer(InterfaceListing.header + (named.isEmpty ? all : named).map(InterfaceListing.row).joined())
        },
        CommandRow("show error", "show error", errors),
        CommandRow("show errors", "show errors", errors),
        CommandRow("clear errors", "clear error counters") { (dialect, words, _) throws(CommandFailure) in
            try words.finish()
            dialect.forwarder.clearErrors()
            return .nothing
        },
        CommandRow("show ip neighbors", "show ip neighbors", neighbours),
        CommandRow("show ip arp", "show ip arp", neighbours),
        CommandRow("show ikev2 profile", "show ikev2 profile") { (dialect, words, _) throws(CommandFailure) in
            try words.finish()
            return CommandAnswer(dialect.profiles.map(\.text).joined())
        },
        CommandRow("show ikev2 sa", "show ikev2 sa [details]") { (dialect, words, view) throws(CommandFailure) in
            _ = words.take("details")
            try words.finish()
            return CommandAnswer(dialect.ikeListing(view))
        },
        CommandRow("show ipsec", "show ipsec [sa [<id>]|spd|tunnel [interfaces]]") {
            (dialect, words, _) throws(CommandFailure) in
            let listing = SecurityListing(forwarder: dialect.forwarder)
            if words.isAtEnd { return CommandAnswer(listing.all) }
            if words.take("tunnel") {
                _ = words.take("interfaces")
                try words.finish()
                return CommandAnswer(listing.tunnels)
            }
            if words.take("spd") {
                try words.finish()
                return CommandAnswer(listing.databases)
            }
            guard words.take("sa") else { throw words.unknownInput }
            let id: UInt32? = words.isAtEnd ? nil : try words.number()
            try words.finish()
            return CommandAnswer(listing.associations(id))
        },
        CommandRow("show logging", "show logging") { (dialect, words, _) throws(CommandFailure) in
            try words.finish()
            return CommandAnswer(dialect.logged.map { $0 + "\n" }.joined())
        },
        CommandRow("show version", "show version information") { (_, words, _) throws(CommandFailure) in
            try words.finish()
            return CommandAnswer("vpp v17.04 (swand)\n")
        },
    ]

    /// Counters that stand at zero are left out.
    private static let errors: CommandRow.Action = { (dialect, words, _) throws(CommandFailure) in
        try words.finish()
        let header = Columns.center("Count", 10) + Columns.center("Node", 40) + "Reason\n"
        return CommandAnswer(
            header
                + ForwarderCounter.allCases.filter { dialect.forwarder.value(of: $0) > 0 }.map { counter in
                    Columns.right("\(dialect.forwarder.value(of: counter))", 10) + Columns.center(counter.node, 40)
                        + counter.reason + "\n"
                }.joined())
    }

    private static let neighbours: CommandRow.Action = { (dialect, words, _) throws(CommandFailure) in
        try words.finish()
        let header =
            Columns.right("Time", 12) + Columns.center("IP", 40) + Columns.left("Flags", 8)
            + Columns.center("Ethernet", 20) + "Interface\n"
        let rows = dialect.forwarder.knownNeighbours.map { entry in
            Columns.right("0.0000", 12) + Columns.center("\(entry.address)", 40)
                + Columns.left(entry.isStatic ? "S" : "D", 8) + Columns.center("\(entry.mac)", 20)
                + (dialect.forwarder.interfaces[entry.interface]?.name ?? "") + "\n"
        }
        return CommandAnswer(rows.isEmpty ? "" : header + rows.joined())
    }
}

/// `show interface`, as releases before MTUs had it.
enum InterfaceListing {
    static let header =
        Columns.center("Name", 32) + Columns.center("Idx", 5) + Columns.center("State", 16)
        + Columns.center("Counter", 16) + Columns.center("Count", 16) + "\n"

    static func row(_ interface: ForwarderInterface) -> String {
        let counters = interface.counters
        let all: [(String, UInt64)] = [
            ("rx packets", counters.receivedPackets), ("rx bytes", counters.receivedOctets),
            ("tx packets", counters.sentPackets), ("tx bytes", counters.sentOctets), ("drops", counters.drops),
            ("punt", counters.punts), ("ip4", counters.ipv4), ("ip6", counters.ipv6),
        ]
        let head =
            Columns.left(interface.name, 32) + Columns.center("\(interface.index)", 5)
            + Columns.center(interface.isUp ? "up" : "down", 16)
        let lines = all.filter { $0.1 > 0 }.map { Columns.left($0.0, 16) + Columns.right("\($0.1)", 16) }
        return head + lines.joined(separator: "\n" + String(repeating: " ", count: head.count)) + "\n"
    }

    static func addresses(_ interface: ForwarderInterface, _ forwarder: Forwarder) -> String {
        var text = "\(interface.name) (\(interface.isUp ? "up" : "dn")):\n"
        var shown = interface
        if let lender = interface.unnumbered.flatMap({ forwarder.interfaces[$0] }) {
            text += "  unnumbered, use \(lender.name)\n"
            shown = lender
        }
        return text + shown.addresses.map { "  L3 \($0)\n" }.joined()
    }
}
