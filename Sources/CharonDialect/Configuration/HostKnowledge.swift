import DialectKit
import NetAddress

/// What this host knows of itself: its addresses, its names, and from where it reaches others.
struct HostKnowledge {
    var interfaces: [InterfaceAddress]
    var readFile: (String) -> [UInt8]?

    init(_ view: any DaemonView) {
        interfaces = view.interfaceAddresses
        readFile = { try? view.readFile($0) }
    }

    func isOurs(_ address: IPAddress) -> Bool { interfaces.contains { $0.address == address } }

    /// An address as it is, or the first of that name in /etc/hosts.
    func address(of text: String) -> IPAddress? {
        if let address = IPAddress(text) { return address }
        guard let octets = readFile("/etc/hosts") else { return nil }
        for line in String(decoding: octets, as: UTF8.self).split(separator: "\n") {
            let words = line.prefix { $0 != "#" }.split { $0 == " " || $0 == "\t" }
            if words.dropFirst().contains(where: { $0.lowercased() == text.lowercased() }) {
                return words.first.flatMap { IPAddress(String($0)) }
            }
        }
        return nil
    }

    /// Ours on the interface that the longest route to a peer leads through.
    func localAddress(toReach remote: IPAddress) -> IPAddress? {
        let interface = remote.family == .v4 ? interfaceV4(remote) : interfaceV6(remote)
        guard let interface else { return nil }
        let candidates = interfaces.filter { $0.interface == interface && $0.address.family == remote.family }
        return (candidates.first { !HostKnowledge.isLinkLocal($0.address) } ?? candidates.first)?.address
    }

    static func isLinkLocal(_ address: IPAddress) -> Bool {
        address.family == .v6 && address.value >> 118 == 0xfe80 >> 6
    }

    static func isLoopback(_ address: IPAddress) -> Bool {
        address.family == .v6 ? address.value == 1 : address.value >> 24 == 127
    }

    /// /proc/net/route: interface, destination, gateway, flags, …, metric, mask; little-endian hexadecimal.
    private func interfaceV4(_ remote: IPAddress) -> String? {
        guard let octets = readFile("/proc/net/route") else { return nil }
        var best: (bits: Int, metric: Int, interface: String)?
        for line in String(decoding: octets, as: UTF8.self).split(separator: "\n").dropFirst() {
            let words = line.split { $0 == "\t" || $0 == " " }
            guard words.count >= 8, let destination = UInt32(words[1], radix: 16).map(\.byteSwapped),
                let mask = UInt32(words[7], radix: 16).map(\.byteSwapped), let metric = Int(words[6]),
                UInt32(truncatingIfNeeded: remote.value) & mask == destination
            else { continue }
            let bits = mask.nonzeroBitCount
            if (bits, -metric) > (best?.bits ?? -1, -(best?.metric ?? 0)) { best = (bits, metric, String(words[0])) }
        }
        return best?.interface
    }

    /// /proc/net/ipv6_route: destination, its length, source, its length, next hop, metric, …, interface.
    private func interfaceV6(_ remote: IPAddress) -> String? {
        guard let octets = readFile("/proc/net/ipv6_route") else { return nil }
        var best: (bits: Int, metric: Int, interface: String)?
        for line in String(decoding: octets, as: UTF8.self).split(separator: "\n") {
            let words = line.split { $0 == "\t" || $0 == " " }
            guard words.count >= 10, let value = UInt128(words[0], radix: 16), let bits = Int(words[1], radix: 16),
                (0...128).contains(bits), let metric = Int(words[5], radix: 16), words[9] != "lo"
            else { continue }
            let mask: UInt128 = bits == 0 ? 0 : ~UInt128(0) << UInt128(128 - bits)
            guard remote.value & mask == value & mask else { continue }
            if (bits, -metric) > (best?.bits ?? -1, -(best?.metric ?? 0)) { best = (bits, metric, String(words[9])) }
        }
        return best?.interface
    }
}
