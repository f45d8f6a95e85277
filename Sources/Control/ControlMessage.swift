/// What a client and the daemon say to each other, one message per packet of the control socket.
///
/// A packet is one octet of kind and a body:
/// - `R`: a request: the client's working folder, then its arguments, each ended by a NUL octet; at least one argument.
/// - `o`, `e`: octets for the client's standard output or standard error.
/// - `x`, `q`: the end: the client's exit status, 4 octets, little endian. After `q` the daemon ends too, and the client waits
///   until its process is gone.
package enum ControlMessage: Hashable, Sendable {
    case request(arguments: [String], workingDirectory: String)
    case output([UInt8])
    case errorOutput([UInt8])
    case finished(status: Int32, daemonEnds: Bool)

    /// The greatest packet, in octets: well below what a local socket takes by default (212,992).
    package static let greatestOctetCount = 65536
    /// The most octets of output that one packet carries.
    package static let outputChunkOctets = 32768
    /// The most arguments of a request.
    package static let greatestArgumentCount = 1024

    /// nil where the packet is malformed: an unknown kind, a field without its end, a status of another size.
    package init?(parsing packet: some Collection<UInt8>) {
        guard packet.count <= ControlMessage.greatestOctetCount, let kind = packet.first else { return nil }
        let body = packet.dropFirst()
        switch Unicode.Scalar(kind) {
        case "R":
            var fields = body.split(separator: 0, omittingEmptySubsequences: false)
            guard fields.popLast()?.isEmpty == true,
                (2...ControlMessage.greatestArgumentCount + 1).contains(fields.count)
            else { return nil }
            let texts = fields.map { String(decoding: $0, as: UTF8.self) }
            self = .request(arguments: Array(texts.dropFirst()), workingDirectory: texts[0])
        case "o": self = .output(Array(body))
        case "e": self = .errorOutput(Array(body))
        case "x", "q":
            guard body.count == 4 else { return nil }
            let bits = body.reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            self = .finished(status: Int32(bitPattern: bits), daemonEnds: kind == UInt8(ascii: "q"))
        default: return nil
        }
    }

    /// The packet.
    package var octets: [UInt8] {
        switch self {
        case .request(let arguments, let workingDirectory):
            var result = [UInt8(ascii: "R")]
            for field in [workingDirectory] + arguments {
                result += field.utf8.filter { $0 != 0 }
                result.append(0)
            }
            return result
        case .output(let octets): return [UInt8(ascii: "o")] + octets
        case .errorOutput(let octets): return [UInt8(ascii: "e")] + octets
        case .finished(let status, let daemonEnds):
            let bits = UInt32(bitPattern: status)
            return [UInt8(ascii: daemonEnds ? "q" : "x")] + (0..<4).map { UInt8(truncatingIfNeeded: bits >> (8 * $0)) }
        }
    }
}
