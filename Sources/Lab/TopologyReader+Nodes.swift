import NetAddress
import Yams

/// The forms that a value can have.
extension TopologyReader {
    func pairs(_ node: Node, _ what: String) throws(TopologyError) -> [(Node, Node)] {
        guard case .mapping(let mapping) = node else { throw failure(node, "\(what): expected \"key: value\" lines") }
        return mapping.map { ($0.key, $0.value) }
    }

    func sequence(_ node: Node, _ what: String) throws(TopologyError) -> [Node] {
        guard case .sequence(let list) = node else { throw failure(node, "\(what): expected a list, [a, b]") }
        return Array(list)
    }

    func string(_ node: Node, _ what: String) throws(TopologyError) -> String {
        guard case .scalar(let scalar) = node else { throw failure(node, "\(what): expected one word or text") }
        return scalar.string
    }

    func address(_ node: Node) throws(TopologyError) -> IPAddress {
        let text = try string(node, "an address")
        guard let address = IPAddress(text) else { throw failure(node, "\"\(text)\" is no IPv4 or IPv6 address") }
        return address
    }

    /// A mapping with keys from a list only.
    func fields(_ node: Node, _ what: String, _ known: [String]) throws(TopologyError) -> [String: Node] {
        var result: [String: Node] = [:]
        for (key, value) in try pairs(node, what) {
            let name = try string(key, "a key")
            guard known.contains(name) else {
                let list = known.sorted().joined(separator: ", ")
                throw failure(key, "unknown key \"\(name)\" of \(what); expected one of \(list)")
            }
            result[name] = value
        }
        return result
    }

    /// Names become interface names (IFNAMSIZ: 15 octets), file names and host names.
    func checkName(_ name: String, _ node: Node, _ what: String) throws(TopologyError) {
        let isPlain = name.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
                || [0x2d, 0x2e, 0x5f].contains(byte)
        }
        guard isPlain, (1...15).contains(name.utf8.count), name != ".", name != "..", name != "lo" else {
            throw failure(node, "\"\(name)\" is no name for a \(what); expected 1 to 15 of letters, digits, - . _")
        }
    }
}
