package import DialectKit
package import NetAddress

/// What this host knows of itself and its names: whose addresses are ours, where the default route leads.
package struct HostBinding {
    package var interfaces: [InterfaceAddress]
    private let readFile: (String) -> [UInt8]?

    package init(interfaces: [InterfaceAddress], readFile: @escaping (String) -> [UInt8]?) {
        self.interfaces = interfaces
        self.readFile = readFile
    }

    package func interface(of address: IPAddress) -> String? {
        interfaces.first { $0.address == address }?.interface
    }

    /// The first address of that name in /etc/hosts.
    package func address(named name: String, family: AddressFamily?) -> IPAddress? {
        guard let octets = readFile("/etc/hosts") else { return nil }
        let wanted = name.lowercased()
        for line in String(decoding: octets, as: UTF8.self).split(separator: "\n") {
            let body = line.prefix { $0 != "#" }
            let words = body.split { $0 == " " || $0 == "\t" }
            guard let first = words.first, words.dropFirst().contains(where: { $0.lowercased() == wanted }),
                let address = IPAddress(String(first)), family == nil || address.family == family
            else { continue }
            return address
        }
        return nil
    }

    /// This host's address on the interface of the default route: `left=%defaultroute`.
    package func defaultRouteAddress(_ family: AddressFamily) -> IPAddress? {
        let interface = family == .v4 ? defaultInterfaceV4() : defaultInterfaceV6()
        guard let interface else { return nil }
        return interfaces.first {
            $0.interface == interface && $0.address.family == family && !$0.address.isLinkLocal
        }?.address
    }

    /// /proc/net/route: interface, destination, gateway, flags, …, metric, mask; addresses in hexadecimal.
    private func defaultInterfaceV4() -> String? {
        guard let octets = readFile("/proc/net/route") else { return nil }
        var best: (metric: Int, interface: String)?
        for line in String(decoding: octets, as: UTF8.self).split(separator: "\n").dropFirst() {
            let words = line.split { $0 == "\t" || $0 == " " }
            guard words.count >= 8, words[1] == "00000000", words[7] == "00000000", let metric = Int(words[6]) else {
                continue
            }
            if metric < best?.metric ?? .max { best = (metric, String(words[0])) }
        }
        return best?.interface
    }

    /// /proc/net/ipv6_route: destination, its length, source, its length, next hop, metric, …, interface.
    private func defaultInterfaceV6() -> String? {
        guard let octets = readFile("/proc/net/ipv6_route") else { return nil }
        var best: (metric: Int, interface: String)?
        for line in String(decoding: octets, as: UTF8.self).split(separator: "\n") {
            let words = line.split { $0 == "\t" || $0 == " " }
            guard words.count >= 10, words[1] == "00", words[0].allSatisfy({ $0 == "0" }), words[9] != "lo",
                let metric = Int(words[5], radix: 16)
            else { continue }
            if metric < best?.metric ?? .max { best = (metric, String(words[9])) }
        }
        return best?.interface
    }
}
