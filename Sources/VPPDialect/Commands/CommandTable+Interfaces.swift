import NetAddress
import VPPForwarder

extension CommandWords {
    /// An interface by its name.
    mutating func interface(_ dialect: VPPDialect) throws(CommandFailure) -> ForwarderInterface {
        guard let next, let found = dialect.forwarder.interface(named: next) else {
            throw CommandFailure(text: "unknown interface `\(rest.joined(separator: " "))'")
        }
        _ = take(next)
        return found
    }

    mutating func mac() throws(CommandFailure) -> MACAddress { try value(MACAddress.init) }
}

extension CommandFailure {
    /// What was refused, in words.
    init(_ error: ForwarderError) {
        text =
            switch error {
            case .unknownInterface: "unknown interface"
            case .interfaceExists: "interface already exists"
            case .unknownSA(let id): "no such sa \(id)"
            case .unknownSPD(let id): "no such spd \(id)"
            case .exists: "already exists"
            case .missing: "not found"
            case .inUse: "in use"
            case .badKeys(let why): "invalid key: \(why)"
            case .host(let why): why
            }
    }
}

/// Does something to a table, and says in VPP's words why not.
func change<T>(_ body: () throws(ForwarderError) -> T) throws(CommandFailure) -> T {
    do throws(ForwarderError) { return try body() } catch { throw CommandFailure(error) }
}

extension CommandTable {
    static let interfaceRows: [CommandRow] = [
        CommandRow("create host-interface", "create host-interface name <ifname> [hw-addr <mac-addr>]") {
            (dialect, words, _) throws(CommandFailure) in
            guard words.take("name") else { throw CommandFailure(text: "missing host interface name") }
            let name = try words.word()
            var mac: MACAddress?
            while !words.isAtEnd {
                if words.take("hw-addr") { mac = try words.mac() } else if !words.take("qdisc-bypass-disable") {
                    throw words.unknownInput
                }
            }
            let made = try change { () throws(ForwarderError) in
                try dialect.forwarder.createHostInterface(name, mac: mac)
            }
            return CommandAnswer(made.name + "\n")
        },
        CommandRow("delete host-interface", "delete host-interface name <ifname>") {
            (dialect, words, _) throws(CommandFailure) in
            guard words.take("name") else { throw CommandFailure(text: "missing host interface name") }
            let name = try words.word()
            let found = dialect.forwarder.interfaces.values.first { $0.kind == .host(name) }
            guard let found else { throw CommandFailure(text: "host interface does not exist") }
            dialect.forwarder.delete(found)
            return .nothing
        },
        CommandRow("create loopback interface", "create loopback interface [mac <mac-addr>]", createLoopback),
        CommandRow("loopback create", "loopback create [mac <mac-addr>]", createLoopback),
        CommandRow("loopback create-interface", "loopback create-interface [mac <mac-addr>]", createLoopback),
        CommandRow("set interface state", "set interface state <if-name> [up|down]") {
            (dialect, words, _) throws(CommandFailure) in
            let interface = try words.interface(dialect)
            let isUp = words.take("up")
            guard isUp || words.take("down") else { throw words.unknownInput }
            try words.finish()
            dialect.forwarder.setState(interface, isUp: isUp)
            return .nothing
        },
        CommandRow("set interface ip address", "set interface ip address [del] <interface> <ip-addr>/<mask>") {
            (dialect, words, _) throws(CommandFailure) in
            let removes = words.take("del")
            let interface = try words.interface(dialect)
            let prefix = try words.prefix()
            try words.finish()
            try change { () throws(ForwarderError) in
                if removes {
                    try dialect.forwarder.removeAddress(prefix, from: interface)
                } else {
                    try dialect.forwarder.addAddress(prefix, to: interface)
                }
            }
            return .nothing
        },
        CommandRow("set interface unnumbered", "set interface unnumbered [<interface> use <interface>|del <interface>]")
        {
            (dialect, words, _) throws(CommandFailure) in
            if words.take("del") {
                dialect.forwarder.setUnnumbered(try words.interface(dialect), lender: nil)
                return .nothing
            }
            let interface = try words.interface(dialect)
            guard words.take("use") else { throw words.parseError }
            let lender = try words.interface(dialect)
            try words.finish()
            dialect.forwarder.setUnnumbered(interface, lender: lender)
            return .nothing
        },
        CommandRow("set interface name", "set interface name <interface-name> <new-interface-name>") {
            (dialect, words, _) throws(CommandFailure) in
            let interface = try words.interface(dialect)
            let name = try words.word()
            try words.finish()
            try change { () throws(ForwarderError) in try dialect.forwarder.rename(interface, name) }
            return .nothing
        },
        CommandRow("set interface ipsec spd", "set interface ipsec spd <int> <id>") {
            (dialect, words, _) throws(CommandFailure) in
            let interface = try words.interface(dialect)
            let id: UInt32 = try words.number()
            let removes = words.take("del")
            try words.finish()
            try change { () throws(ForwarderError) in
                try dialect.forwarder.setPolicies(interface, removes ? nil : id)
            }
            return .nothing
        },
        CommandRow("clear interfaces", "clear interfaces statistics") { (dialect, words, _) throws(CommandFailure) in
            try words.finish()
            dialect.forwarder.clearInterfaceCounters()
            return .nothing
        },
    ]

    private static let createLoopback: CommandRow.Action = { (dialect, words, _) throws(CommandFailure) in
        _ = words.take("interface")
        let mac: MACAddress? = words.take("mac") ? try words.mac() : nil
        try words.finish()
        return CommandAnswer(dialect.forwarder.createLoopback(mac: mac).name + "\n")
    }
}
