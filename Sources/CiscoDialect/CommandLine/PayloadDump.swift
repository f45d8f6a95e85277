import IKEWire
import LineGrammars
import NetAddress

/// Payloads as Cisco's IKEv2 debugging shows them: the header's fields, the length in octets, and what is inside. Both
/// vendors' releases print the same lines but for those of `Style`.
struct PayloadDump {
    struct Style {
        /// Of transform type 5 with value 0.
        var noExtendedSequenceNumbers: String
        /// Whether nonces and public values are printed, 16 octets a line.
        var showsOctets: Bool
    }

    var style: Style

    /// A line for each fact; those of one payload behind another's.
    /// - Parameters:
    ///   - parse: what is printed directly before the name of a payload that came in; nil for one of ours.
    ///   - stamp: a router's time. It stands before each attribute of a configuration payload and before the payload behind
    ///     that one, but not before the attribute behind the application version.
    func lines(_ payloads: [Payload], stamp: String = "", parse: (Payload) -> String?) -> [String] {
        payloads.indices.flatMap { index in
            let next = index + 1 < payloads.count ? Self.name(payloads[index + 1]) : "NONE"
            var lines = lines(payloads[index], next: next, stamp: stamp, parse: parse)
            if index > 0, case .configuration = payloads[index - 1] { lines[0] = stamp + lines[0] }
            return lines
        }
    }

    /// What a message's Next Payload field is called.
    static func name(_ payload: Payload) -> String {
        switch payload {
        case .nonce: "N"
        case .notify: "NOTIFY"
        case .vendorID: "VID"
        case .configuration: "CFG"
        case .delete: "DELETE"
        default: "\(payload.type)"
        }
    }

    private func lines(
        _ payload: Payload, next: String, stamp: String, parse: (Payload) -> String?
    ) -> [String] {
        let octets = Message.encodePayloads([payload]).octets
        let fields = "Next payload: \(next), reserved: 0x0, length: \(octets.count)"
        let name = Self.name(payload)
        switch payload {
        case .notify(let notify):
            let type = Self.name(notify.type)
            return [
                "\(parse(payload) ?? "")NOTIFY(\(type)) \(fields)",
                "Security protocol id: \(Self.name(notify.protocolID)), spi size: \(notify.spi.count), type: \(type)",
            ]
        case .securityAssociation(let proposals):
            return ["\(name) \(fields)"]
                + proposals.enumerated().flatMap { index, proposal in
                    self.proposal(proposal, isLast: index == proposals.count - 1)
                }
        case .nonce(let nonce): return ["\(name) \(fields)"] + hex(nonce)
        case .keyExchange(let exchange):
            return ["\(name) \(fields)", "DH group: \(exchange.group), Reserved: 0x0"] + hex(exchange.data)
        case .trafficSelectorsInitiator(let selectors), .trafficSelectorsResponder(let selectors):
            return ["\(name) \(fields)", "Num of TSs: \(selectors.count), reserved 0x0, reserved 0x0"]
                + selectors.flatMap(selector)
        case .identificationInitiator(let identity), .identificationResponder(let identity):
            return ["\(name) \(fields)", "Id type: \(Self.name(identity.type)), Reserved: 0x0 0x0"]
        case .authentication(let proof):
            return ["\(name) \(fields)", "Auth method \(Self.name(proof.method)), reserved: 0x0, reserved 0x0"]
        case .delete(let delete):
            return [
                "\(name) \(fields)",
                "Security protocol id: \(Self.name(delete.protocolID)), spi size: \(delete.spis.first?.count ?? 0), "
                    + "num of spi: \(delete.spis.count)",
            ]
        case .configuration(let configuration):
            return ["\(name) \(fields)", "cfg type: \(configuration.type), reserved: 0x0, reserved: 0x0"]
                + (parse(payload) == nil ? [] : Self.attributes(configuration.attributes, stamp: stamp))
        case .certificateRequest(let request) where request.encoding == .hashAndURL:
            return ["\(name) \(fields)", "Cert encoding Hash and URL of PKIX"]
        default: return ["\(parse(payload) ?? "")\(name) \(fields)"]
        }
    }

    private static func attributes(_ attributes: [ConfigurationAttribute], stamp: String) -> [String] {
        attributes.enumerated().map { index, one in
            let isBehindVersion = index > 0 && attributes[index - 1].type == .applicationVersion
            return (isBehindVersion ? "" : stamp) + attribute(one)
        }
    }

    /// RFC 7296 §3.15.1.
    private static func attribute(_ attribute: ConfigurationAttribute) -> String {
        let names: [UInt16: String] = [
            1: "internal IP4 address", 2: "internal IP4 netmask", 3: "internal IP4 DNS", 4: "internal IP4 NBNS",
            7: "application version", 13: "internal IP4 subnet",
        ]
        let number = attribute.type.rawValue
        return "attrib type: \(names[number] ?? "Unknown - \(number)"), length: \(attribute.value.count)"
    }

    private func proposal(_ proposal: Proposal, isLast: Bool) -> [String] {
        // RFC 7296 §3.3.1: 8 octets of header, the SPI; §3.3.2: 8 octets a transform, 4 more with a key length.
        let transforms = proposal.transforms.map { (transform: $0, octets: 8 + ($0.keyLength == nil ? 0 : 4)) }
        let length = transforms.reduce(8 + proposal.spi.count) { $0 + $1.octets }
        func head(_ index: Int) -> String {
            let last = index == transforms.count - 1 ? "0x0" : "0x3"
            return "last transform: \(last), reserved: 0x0: length: \(transforms[index].octets)"
        }
        var lines = [
            "last proposal: \(isLast ? "0x0" : "0x2"), reserved: 0x0, length: \(length)",
            "Proposal: \(proposal.number), Protocol id: \(Self.name(proposal.protocolID)), "
                + "SPI size: \(proposal.spi.count), #trans: \(transforms.count) \(transforms.isEmpty ? "" : head(0))",
        ]
        for (index, entry) in transforms.enumerated() {
            if index > 0 { lines.append(head(index)) }
            lines.append("type: \(entry.transform.type.rawValue), reserved: 0x0, id: \(name(entry.transform))")
        }
        return lines
    }

    private func selector(_ selector: TrafficSelector) -> [String] {
        let isV4 = selector.family == .v4
        return [
            "TS type: \(isV4 ? "TS_IPV4_ADDR_RANGE" : "TS_IPV6_ADDR_RANGE"), proto id: \(selector.ipProtocol), "
                + "length: \(isV4 ? 16 : 40)",
            "start port: \(selector.startPort), end port: \(selector.endPort)",
            "start addr: \(selector.addresses.first), end addr: \(selector.addresses.last)",
        ]
    }

    private func hex(_ octets: [UInt8]) -> [String] { style.showsOctets ? Hexadecimal.lines(octets) : [] }

    // MARK: Names

    private static func name(_ id: ProtocolID) -> String {
        switch id {
        case .ike: "IKE"
        case .ah: "AH"
        case .esp: "ESP"
        default: "Unknown - \(id.rawValue)"
        }
    }

    static func name(_ type: NotifyType) -> String {
        CiscoWords.notifies[type.rawValue] ?? NotifyType.names[type.rawValue] ?? "Unknown - \(type.rawValue)"
    }

    private static func name(_ type: IdentificationType) -> String {
        switch type {
        case .ipv4Address: "IPv4 address"
        case .ipv6Address: "IPv6 address"
        case .fqdn: "FQDN"
        case .keyID: "Key ID"
        default: "\(type)"
        }
    }

    private static func name(_ method: AuthenticationMethod) -> String {
        method == .sharedKeyMIC ? "PSK" : "\(method)"
    }

    private func name(_ transform: Transform) -> String {
        switch transform.type {
        case .encryption: CiscoWords.ciphers[transform.id] ?? "Unknown - \(transform.id)"
        case .prf: CiscoWords.prfs[transform.id] ?? "Unknown - \(transform.id)"
        case .integrity: CiscoWords.hashes[transform.id] ?? "Unknown - \(transform.id)"
        case .keyExchange: CiscoWords.groups[transform.id] ?? "Unknown - \(transform.id)"
        case .extendedSequenceNumbers where transform.id == 0: style.noExtendedSequenceNumbers
        case .extendedSequenceNumbers: "ESN"
        default: "\(transform.id)"
        }
    }
}

/// Octets as consoles show them.
enum Hexadecimal {
    static func text(_ octets: some Sequence<UInt8>) -> String { octets.map { pair($0) }.joined(separator: " ") }

    private static func pair(_ octet: UInt8) -> String {
        let digits = String(octet, radix: 16)
        return digits.count == 1 ? "0" + digits : digits
    }

    /// At least `width` digits, upper case.
    static func upper(_ value: some BinaryInteger, width: Int) -> String {
        let digits = String(value, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    /// 16 octets a line.
    static func lines(_ octets: [UInt8]) -> [String] {
        stride(from: 0, to: octets.count, by: 16).map { text(octets[$0..<min($0 + 16, octets.count)]) }
    }

    /// As `lines`, and what is printable behind `|`.
    static func dump(_ octets: [UInt8]) -> [String] {
        stride(from: 0, to: octets.count, by: 16).map { start in
            let part = octets[start..<min(start + 16, octets.count)]
            let shown = part.map { (0x20...0x7e).contains($0) ? Character(Unicode.Scalar($0)) : "." }
            return "\(text(part)) | \(String(shown))"
        }
    }
}
