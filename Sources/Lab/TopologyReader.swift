import LinuxSystem
import NetAddress
import Yams

extension Topology {
    /// Reads a topology file; the format is described at the head of testing/topologies/libreswan.yaml.
    /// - Throws: with file and line, for a key that is not known, a value of the wrong form, a name used twice, an
    ///   interface on a link that is not listed, a gateway that no interface reaches.
    package static func load(contentsOf path: String) throws(TopologyError) -> Topology {
        let text: String
        do { text = try FileSystem.readText(path) } catch {
            throw TopologyError(file: path, line: nil, message: error.description)
        }
        return try parse(text, file: path)
    }

    /// The same from a text; `file` is what errors name.
    package static func parse(_ text: String, file: String) throws(TopologyError) -> Topology {
        let root: Node?
        do { root = try Yams.compose(yaml: text) } catch {
            let fault = YAMLFault(error)
            throw TopologyError(file: file, line: fault.line, message: fault.message)
        }
        guard let root else {
            throw TopologyError(file: file, line: 1, message: "the file is empty; expected the keys links and hosts")
        }
        return try TopologyReader(file: file).topology(root)
    }
}

/// Turns YAML nodes into a topology, strictly.
struct TopologyReader {
    let file: String

    func failure(_ node: Node, _ message: String) -> TopologyError {
        TopologyError(file: file, line: node.mark?.line, message: message)
    }

    func topology(_ root: Node) throws(TopologyError) -> Topology {
        let fields = try fields(root, "the topology", ["description", "links", "hosts", "etc-hosts", "sysctls"])
        guard let linkList = fields["links"], let hostMap = fields["hosts"] else {
            throw failure(root, "a topology needs the keys links and hosts")
        }
        var links: [TopologyLink] = []
        for node in try sequence(linkList, "links") {
            let name = try string(node, "a link's name")
            try checkName(name, node, "link")
            if links.contains(where: { $0.name == name }) { throw failure(node, "link \(name) is listed twice") }
            links.append(TopologyLink(name: name))
        }
        var hosts: [TopologyHost] = []
        var claims = TopologyClaims()
        for (key, node) in try pairs(hostMap, "hosts") {
            let name = try string(key, "a host's name")
            try checkName(name, key, "host")
            hosts.append(try host(name, node, links, &claims))
        }
        var names: [HostNames] = []
        if let map = fields["etc-hosts"] {
            for (key, node) in try pairs(map, "etc-hosts") {
                var list: [String] = []
                for name in try sequence(node, "the names of an address") { list.append(try string(name, "a name")) }
                names.append(HostNames(address: try address(key), names: list))
            }
        }
        return Topology(
            name: String(file.split(separator: "/").last ?? "").split(separator: ".").first.map { String($0) } ?? "",
            description: try fields["description"].map { (node) throws(TopologyError) in
                try string(node, "description")
            } ?? "",
            hosts: hosts, links: links, hostNames: names, sysctls: try sysctls(fields["sysctls"]))
    }

    private func host(
        _ name: String, _ node: Node, _ links: [TopologyLink], _ claims: inout TopologyClaims
    ) throws(TopologyError) -> TopologyHost {
        let fields = try fields(node, "host \(name)", ["interfaces", "routes", "sysctls"])
        var interfaces: [TopologyInterface] = []
        if let map = fields["interfaces"] {
            for (key, value) in try pairs(map, "interfaces") {
                let own = try string(key, "an interface's name")
                try checkName(own, key, "interface")
                interfaces.append(try interface(own, of: name, key, value, links, &claims))
            }
        }
        var routes: [TopologyRoute] = []
        if let list = fields["routes"] {
            for value in try sequence(list, "routes") { routes.append(try route(value, name, interfaces)) }
        }
        return TopologyHost(
            name: name, interfaces: interfaces, routes: routes, sysctls: try sysctls(fields["sysctls"]))
    }

    private func interface(
        _ name: String, of host: String, _ key: Node, _ node: Node, _ links: [TopologyLink],
        _ claims: inout TopologyClaims
    ) throws(TopologyError) -> TopologyInterface {
        let fields = try fields(node, "interface \(name)", ["link", "mac", "mtu", "addresses"])
        guard let linkNode = fields["link"] else { throw failure(key, "interface \(name) needs a link") }
        let link = try string(linkNode, "link")
        guard links.contains(where: { $0.name == link }) else {
            let known = links.map(\.name).joined(separator: ", ")
            throw failure(linkNode, "link \"\(link)\" is not listed under links; expected one of \(known)")
        }
        var result = TopologyInterface(name: name, link: link, addresses: [])
        if let node = fields["mac"] {
            let text = try string(node, "mac")
            guard let mac = MACAddress(text), mac.octets[0] & 1 == 0 else {
                throw failure(node, "\"\(text)\" is no MAC of one interface; expected the form \"12:00:00:ab:cd:ff\"")
            }
            if let other = claims.claim(mac, for: "\(host) \(name)") {
                throw failure(node, "\(other) and \(host) \(name) have the same MAC \(mac)")
            }
            result.mac = mac
        }
        if let node = fields["mtu"] {
            guard let mtu = UInt32(try string(node, "mtu")), (68...65535).contains(mtu) else {
                throw failure(node, "expected an mtu of 68 to 65535 octets")
            }
            result.mtu = mtu
        }
        if let node = fields["addresses"] {
            for value in try sequence(node, "addresses") {
                let text = try string(value, "an address")
                guard text.contains("/"), let prefix = IPPrefix(text) else {
                    throw failure(
                        value, "\"\(text)\" is no address with a prefix length; expected the form 192.0.2.1/24")
                }
                if let other = claims.claim(prefix.address, for: "\(host) \(name)") {
                    throw failure(value, "\(other) and \(host) \(name) have the same address \(prefix.address)")
                }
                result.addresses.append(prefix)
            }
        }
        return result
    }

    private func route(
        _ node: Node, _ host: String, _ interfaces: [TopologyInterface]
    ) throws(TopologyError) -> TopologyRoute {
        let fields = try fields(node, "a route", ["to", "via", "dev", "src"])
        guard let target = fields["to"] else { throw failure(node, "a route needs the key to") }
        let text = try string(target, "to")
        let gateway = try fields["via"].map(address)
        let device = try fields["dev"].map { (node) throws(TopologyError) in try string(node, "dev") }
        guard gateway != nil || device != nil else { throw failure(node, "a route needs via, dev, or both") }
        let destination: IPPrefix
        if text == "default" {
            destination = IPPrefix(.unspecified(gateway?.family ?? .v4), length: 0)!
        } else if let prefix = IPPrefix(text), prefix.network == prefix {
            destination = prefix
        } else {
            throw failure(target, "\"\(text)\" is no network; expected default or the form 192.0.2.0/24")
        }
        if let gateway {
            guard gateway.family == destination.family else {
                throw failure(node, "via \(gateway) and to \(destination) are not of the same family")
            }
            guard interfaces.contains(where: { $0.addresses.contains { $0.contains(gateway) } }) else {
                let known = interfaces.flatMap(\.addresses).map(\.network.description).joined(separator: ", ")
                throw failure(node, "no interface of \(host) reaches the gateway \(gateway); its networks are \(known)")
            }
        }
        if let device, !interfaces.contains(where: { $0.name == device }) {
            throw failure(node, "host \(host) has no interface \(device)")
        }
        return TopologyRoute(
            to: destination, via: gateway, interface: device, source: try fields["src"].map(address))
    }

    private func sysctls(_ node: Node?) throws(TopologyError) -> [Sysctl] {
        guard let node else { return [] }
        var result: [Sysctl] = []
        for (key, value) in try pairs(node, "sysctls") {
            let name = try string(key, "a sysctl's name")
            guard name.hasPrefix("net."), !name.contains("..") else {
                throw failure(key, "sysctl \"\(name)\" is not a host's own; expected one that begins with net.")
            }
            result.append(Sysctl(name, try string(value, name)))
        }
        return result
    }
}

/// The addresses and MACs seen so far: none may be in the network twice.
private struct TopologyClaims {
    private var addresses: [IPAddress: String] = [:]
    private var macs: [MACAddress: String] = [:]

    /// Who has the address already; nil where it was free, and is now the place's.
    mutating func claim(_ address: IPAddress, for place: String) -> String? {
        addresses.updateValue(place, forKey: address)
    }

    mutating func claim(_ mac: MACAddress, for place: String) -> String? { macs.updateValue(place, forKey: mac) }
}
