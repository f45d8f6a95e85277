import CaptureFile
import IKEWire
import NetAddress
import Recordings

/// The words of `messages.txt`, so that what was decoded here can be laid beside it line by line.
enum MessagesText {
    /// The blocks of the file that are about IKE messages: a heading and the lines below it.
    static func blocks(_ text: String) -> [[String]] {
        var blocks: [[String]] = []
        for line in text.split(separator: "\n") where !line.hasPrefix("# ") {
            if line.hasPrefix("## frame") { blocks.append([]) }
            blocks[blocks.count - 1].append(String(line))
        }
        return blocks.filter { !$0[0].contains("  ESP spi=") }
    }

    private static let hosts = ["192.1.2.45": "west", "192.1.2.23": "east"]

    static func block(_ decoded: ExchangeDecoder.Decoded) -> [String] {
        let (datagram, message) = (decoded.datagram, decoded.message)
        let header = message.header
        let packet = datagram.packet
        let milliseconds = (datagram.time + 500_000) / 1_000_000
        let fraction = String(1000 + milliseconds % 1000).dropFirst()
        var lines = [
            "## frame \(datagram.frame)  t=\(milliseconds / 1000).\(fraction)"
                + "  \(hosts[packet.source.description] ?? "?")->\(hosts[packet.destination.description] ?? "?")"
                + "  udp \(datagram.sourcePort)>\(datagram.destinationPort) ip_len=\(packet.ipOctets.count)",
            "\(header.exchangeType) \(header.isResponse ? "response" : "request")"
                + " exchange=\(header.exchangeType.rawValue) msgid=\(header.messageID)"
                + (header.isResponse ? " flags=0x20(R)" : " flags=0x08(I)")
                + " spi_i=\(header.initiatorSPI) spi_r=\(header.responderSPI) length=\(datagram.octets.count)",
        ]
        for payload in message.payloads {
            lines += self.lines(payload, isResponse: header.isResponse).map { "   " + $0 }
        }
        guard let protected = message.protected, let plaintext = decoded.plaintext else {
            return lines + ["   message=\(datagram.octets.hex)"]
        }
        let next = protected.innerFirst == .none ? "-" : protected.innerFirst.name
        let iv = "iv=\(protected.body.prefix(8).hex) pad_len=\(decoded.padLength)"
        switch protected.kind {
        case .encrypted: lines.append("   SK len=\(4 + protected.body.count) next=\(next) \(iv)")
        case .fragment(let number, let total):
            lines.append(
                "   SKF len=\(8 + protected.body.count) next=\(next) fragment \(number)/\(total), "
                    + "\(plaintext.count) octets of plaintext; " + (decoded.inner == nil ? "" : "complete; ") + iv)
        }
        guard let inner = decoded.inner else { return lines }
        let list = Payload.list(inner.payloads, isResponse: header.isResponse, separator: ", ")
        lines.append("   inner: \(list.isEmpty ? "(empty)" : list)")
        for payload in inner.payloads {
            lines += self.lines(payload, isResponse: header.isResponse).map { "      " + $0 }
        }
        return lines + ["      plaintext=\(inner.plaintext.hex)"]
    }

    private static func lines(_ payload: Payload, isResponse: Bool) -> [String] {
        let octets = Message.encodePayloads([payload]).octets
        var line = "\(payload.listName(isResponse: isResponse)) len=\(octets.count)"
        var more: [String] = []
        switch payload {
        case .securityAssociation(let proposals): more = proposals.map(proposal)
        case .keyExchange(let payload): line += " group=\(payload.group) data=\(payload.data.hex)"
        case .identificationInitiator(let identity), .identificationResponder(let identity):
            line +=
                " type=\(identity.type.rawValue) (\(identity.type.name.dropFirst(3)))"
                + " data='\(String(decoding: identity.data, as: UTF8.self))'"
        case .authentication(let payload):
            line +=
                " method=\(payload.method.rawValue)"
                + (payload.method == .sharedKeyMIC ? " (shared key MIC)" : "") + " data=\(payload.data.hex)"
        case .nonce(let nonce): line += " data=\(nonce.hex)"
        case .notify(let notify): line = "\(notify) type=\(notify.type.rawValue) len=\(octets.count)" + data(notify)
        case .delete(let payload):
            line +=
                " proto=\(payload.protocolID) spi_size=\(payload.spis.first?.count ?? 0) count=\(payload.spis.count)"
        case .trafficSelectorsInitiator(let selectors), .trafficSelectorsResponder(let selectors):
            for selector in selectors {
                line +=
                    " type=\(selector.family == .v4 ? 7 : 8) proto=\(selector.ipProtocol)"
                    + " ports=\(selector.startPort)-\(selector.endPort)"
                    + " \(selector.addresses.first)-\(selector.addresses.last)"
            }
        default: line += " unexpected"
        }
        return [line] + more
    }

    private static func proposal(_ proposal: Proposal) -> String {
        let spi = proposal.spi.isEmpty ? "" : " spi=\(proposal.spi.hex)"
        return "  proposal \(proposal.number) proto=\(proposal.protocolID)\(spi): "
            + proposal.transforms.map(transform).joined(separator: " ")
    }

    private static func transform(_ transform: Transform) -> String {
        var name = transform.name
        switch transform.type {
        case .encryption: name = String(name.dropFirst("ENCR_".count)) + (transform.keyLength.map { "_\($0)" } ?? "")
        case .prf: name = String(name.dropFirst("PRF_".count))
        case .integrity: name = String(name.dropFirst("AUTH_".count))
        case .keyExchange:
            if let bits = name.firstRange(of: "-bit MODP Group") {
                name = "MODP\(name[..<bits.lowerBound])"
            } else {
                name = "DH\(transform.id)"
            }
        case .extendedSequenceNumbers: name = transform.id == 1 ? "YES" : "NO"
        default: break
        }
        return "\(transform.type)=\(name)"
    }

    private static func data(_ notify: NotifyPayload) -> String {
        var text = " proto=\(notify.protocolID.rawValue) spi_size=\(notify.spi.count)"
        if notify.type == .ticketLTOpaque, let (lifetime, ticket) = try? notify.ticketWithLifetime() {
            text += " lifetime=\(lifetime)" + short(ticket)
        } else if notify.type == .ticketOpaque {
            text += short(notify.data)
        } else if !notify.data.isEmpty {
            text += " data[\(notify.data.count)]=\(notify.data.hex)"
        }
        return text
    }

    private static func short(_ ticket: [UInt8]) -> String {
        " ticket[\(ticket.count)]=\(ticket.prefix(24).hex)...\(ticket.suffix(8).hex)"
    }
}
