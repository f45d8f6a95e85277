import IKEWire
import LinuxSystem
package import Scenario

/// What a cell's run has left, read from its folder: the judge looks at nothing else.
package struct CellEvidence: Sendable {
    package var result: ScenarioResult
    /// By link.
    package var captures: [String: DecodedCapture] = [:]
    /// The other daemon's own view, and swand's last Child SA at the same moment; nil where nobody was asked.
    package var peer: PeerSAs?
    package var child: ChildView?

    /// - Parameter cell: nil where nobody asks for what the ends say.
    package init(result: ScenarioResult, of cell: InteropCell? = nil) throws {
        self.result = result
        let output = result.output
        for name in try FileSystem.list(output) where name.hasSuffix(".pcapng") && !name.hasSuffix(".clear.pcapng") {
            let link = String(name.dropLast(".pcapng".count))
            captures[link] = try CaptureDecoding.decode(output: output, link: link)
        }
        guard let cell else { return }
        peer = try Self.text(output, "peer.sas.txt").map { PeerSAs($0, of: cell.test.peer) }
        child = try Self.text(output, "ours.view.txt").flatMap {
            ChildView(log: $0) ?? ChildView(vpp: $0, network: cell.swand.subnet)
        }
    }

    private static func text(_ output: String, _ name: String) throws -> String? {
        FileSystem.exists("\(output)/\(name)") ? try FileSystem.readText("\(output)/\(name)") : nil
    }

    /// Everything that was said on the wire, opened; from the link on which most was.
    var datagrams: [DecodedCapture.Datagram] {
        captures.values.map(\.datagrams).max { $0.count < $1.count } ?? []
    }

    /// Packets of ESP with this SPI, on whichever link has most of them.
    func espCount(_ spi: String) -> Int {
        guard let number = UInt32(spi, radix: 16) else { return 0 }
        return captures.values.map { $0.espCounts[number] ?? 0 }.max() ?? 0
    }

    var espTotal: Int { captures.values.map { $0.espCounts.values.reduce(0, +) }.max() ?? 0 }

    /// The proposals of the messages of one kind, in the order in which they came: those in clear, and those inside.
    func proposals(of protocolID: ProtocolID, isResponse: Bool) -> [(title: String, proposals: [Proposal])] {
        datagrams.filter { $0.message.header.isResponse == isResponse }.flatMap { datagram in
            (datagram.message.payloads + datagram.inner).compactMap { payload in
                guard case .securityAssociation(let proposals) = payload,
                    proposals.contains(where: { $0.protocolID == protocolID })
                else { return nil }
                return (datagram.title, proposals)
            }
        }
    }

    /// The notifies of all messages, by their names, and `EAP Failure`.
    var notifies: Set<String> {
        Set(
            datagrams.flatMap { $0.message.payloads + $0.inner }.compactMap { payload in
                switch payload {
                case .notify(let notify): "\(notify.type)"
                // RFC 3748 §4: Code 4.
                case .eap(let octets) where octets.first == 4: "EAP Failure"
                default: nil
                }
            })
    }
}

/// A proposal in strongSwan's words: `AES_GCM_16-256/PRF_HMAC_SHA2_256/CURVE_25519`.
enum ProposalName {
    static let groups: [UInt16: String] = [
        1: "MODP_768", 2: "MODP_1024", 5: "MODP_1536", 14: "MODP_2048", 15: "MODP_3072", 16: "MODP_4096",
        17: "MODP_6144", 18: "MODP_8192", 19: "ECP_256", 20: "ECP_384", 21: "ECP_521", 22: "MODP_1024_160",
        23: "MODP_2048_224", 24: "MODP_2048_256", 25: "ECP_192", 26: "ECP_224", 27: "ECP_224_BP", 28: "ECP_256_BP",
        29: "ECP_384_BP", 30: "ECP_512_BP", 31: "CURVE_25519", 32: "CURVE_448",
    ]

    static func name(_ transform: Transform) -> String {
        if transform.type.rawValue == 4 { return groups[transform.id] ?? "DH_\(transform.id)" }
        var name = transform.name
        for prefix in ["ENCR_", "AUTH_"] where name.hasPrefix(prefix) { name = String(name.dropFirst(prefix.count)) }
        if name == "3DES" { name = "3DES_CBC" }
        return name + (transform.keyLength.map { "-\($0)" } ?? "")
    }

    /// Encryption, integrity, PRF and, in an IKE SA's, the group; one name of each.
    static func name(_ proposal: Proposal) -> String {
        let types: [UInt8] = proposal.protocolID == .ike ? [1, 3, 2, 4] : [1, 3]
        var names: [String] = []
        for type in types {
            for transform in proposal.transforms where transform.type.rawValue == type {
                // No integrity beside a combined mode.
                if type != 3 || transform.id != 0 { names.append(name(transform)) }
            }
        }
        return names.joined(separator: "/")
    }
}
