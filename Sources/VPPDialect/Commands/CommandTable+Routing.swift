import DialectKit
import NetAddress
import VPPForwarder

extension CommandTable {
    static let routingRows: [CommandRow] = [
        CommandRow("ip route", "ip route [add|del] <dst-ip-addr>/<width> via [<next-hop-address>] [<interface>]") {
            (dialect, words, _) throws(CommandFailure) in
            let removes = words.take("del")
            _ = removes || words.take("add")
            let prefix = try words.prefix()
            var nextHop: IPAddress?
            var interface: Int?
            if words.take("via") {
                if let address = words.next.flatMap(IPAddress.init) {
                    nextHop = address
                    _ = try words.word()
                }
                if !words.isAtEnd { interface = try words.interface(dialect).index }
            }
            try words.finish()
            guard removes || nextHop != nil || interface != nil else {
                throw CommandFailure(text: "expected paths.")
            }
            try change { () throws(ForwarderError) in
                if removes {
                    try dialect.forwarder.removeRoute(prefix)
                } else {
                    try dialect.forwarder.addRoute(Route(prefix, via: nextHop, interface: interface))
                }
            }
            return .nothing
        },
        CommandRow("set ip arp", "set ip arp [del] <intfc> <ip-address> <mac-address> [static]", setNeighbour),
        CommandRow(
            "set ip neighbor", "set ip neighbor [del] <intfc> <ip-address> <mac-address> [static]", setNeighbour),
        CommandRow("ping", "ping <ip-addr> [source <interface>] [repeat <count>]") {
            (dialect, words, view) throws(CommandFailure) in
            let target = try words.address()
            var source: IPAddress?
            var count = 5
            while !words.isAtEnd {
                if words.take("source") {
                    let interface = try words.interface(dialect)
                    source = dialect.forwarder.source(of: interface, target.family)
                    if source == nil { throw CommandFailure(text: "no address on \(interface.name)") }
                } else if words.take("repeat") {
                    count = try words.value { Int($0).flatMap { (1...1000).contains($0) ? $0 : nil } }
                } else {
                    throw words.unknownInput
                }
            }
            guard let number = dialect.forwarder.startEcho(to: target, from: source, count: count, at: view.now) else {
                return CommandAnswer("Failed: no egress interface\n")
            }
            var answer = CommandAnswer.nothing
            answer.echo = number
            return answer
        },
    ]

    private static let setNeighbour: CommandRow.Action = { (dialect, words, _) throws(CommandFailure) in
        let removes = words.take("del")
        let interface = try words.interface(dialect)
        let address = try words.address()
        if removes {
            try change { () throws(ForwarderError) in
                try dialect.forwarder.removeNeighbour(address, on: interface)
            }
            return .nothing
        }
        let mac = try words.mac()
        _ = words.take("static")
        try words.finish()
        dialect.forwarder.setNeighbour(address, mac, on: interface)
        return .nothing
    }
}
