import IKEModel
import IKEWire

/// What the placeholders of a row stand for. Numbers of the engine's, none of a constant.
struct ASADebugFacts {
    var session: Int
    /// `I_SPI=… R_SPI=… (R)`.
    var association: String
    var messageID: UInt32
    var values: [String: String] = [:]

    /// A line and what it takes to be shown.
    struct Line: Hashable {
        var channel: DebugChannel
        var level: Int
        var text: String
    }

    func lines(_ rows: [ASARow]) -> [Line] { rows.map(line) }

    private func line(_ row: ASARow) -> Line {
        switch row {
        case .trace(let state, let event):
            let id = Hexadecimal.upper(messageID, width: 8)
            return proto(5, "SM Trace-> SA: \(association) MsgID = \(id) CurState: \(state) Event: \(event)")
        case .null: return proto(5, "Action: Action_Null")
        case .proto(let level, let text): return proto(level, text)
        case .bareProto(let level, let text):
            return Line(channel: .ikev2Protocol, level: level, text: Self.led("IKEv2-PROTO-\(level):", filled(text)))
        case .plat(let level, let text):
            return Line(
                channel: .ikev2Platform, level: level,
                text: Self.led("IKEv2-PLAT-\(level): (\(session)):", filled(text)))
        case .barePlat(let level, let text):
            return Line(channel: .ikev2Platform, level: level, text: Self.led("IKEv2-PLAT-\(level):", filled(text)))
        case .ipsec(let text): return Line(channel: .ipsec, level: 1, text: "IPSEC: \(filled(text))")
        case .ipsecDebug(let text): return Line(channel: .ipsec, level: 255, text: "IPSEC DEBUG: \(filled(text))")
        case .plain(let channel, let text): return Line(channel: channel, level: 2, text: filled(text))
        }
    }

    private func proto(_ level: Int, _ text: String) -> Line {
        Line(
            channel: .ikev2Protocol, level: level,
            text: Self.led("IKEv2-PROTO-\(level): (\(session)):", filled(text)))
    }

    /// Nothing stands behind a lead without a text, not even a space.
    private static func led(_ lead: String, _ text: String) -> String { text.isEmpty ? lead : "\(lead) \(text)" }

    private func filled(_ text: String) -> String {
        guard text.contains("{") else { return text }
        var result = ""
        var rest = text[...]
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            let name = String(rest[rest.index(after: open)..<close])
            result += rest[..<open] + (value(name) ?? "?")
            rest = rest[rest.index(after: close)...]
        }
        return result + rest
    }

    private func value(_ name: String) -> String? {
        switch name {
        case "id": "\(messageID)"
        case "next": "\(messageID &+ 1)"
        case "hexID": Hexadecimal.upper(messageID, width: 1).lowercased()
        default: values[name]
        }
    }
}
