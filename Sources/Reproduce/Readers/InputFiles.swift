import LinuxSystem
import Scenario

/// Reads inputs of all kinds, each told by what is in it.
package enum InputFiles {
    /// 256 MiB: what one input may have. A capture of IKE is a ten thousandth of it.
    private static let limit = 256 << 20

    /// - Throws: `InputError` with the place, where an input says nothing of IKE; `SystemError` where it can't be read.
    package static func read(_ paths: [String]) throws -> [InputFacts] {
        var contents: [(name: String, octets: [UInt8])] = []
        for path in paths {
            contents.append(
                (path.split(separator: "/").last.map(String.init) ?? path, try FileSystem.read(path, atMost: limit)))
        }
        return try read(contents)
    }

    /// - Parameter contents: the inputs by the names that positions give them.
    package static func read(_ contents: [(name: String, octets: [UInt8])]) throws(InputError) -> [InputFacts] {
        // Keys first: they open the captures, in whichever order both are named.
        var keys = ExportedKeys()
        var sources: [(name: String, octets: [UInt8], kind: InputKind, text: String)] = []
        for (name, octets) in contents {
            if isCapture(octets) {
                sources.append((name, octets, .capture, ""))
                continue
            }
            let text = String(decoding: octets, as: UTF8.self)
            let kind = try kind(of: text, name)
            if kind == .keys, let table = KeyInput.keys(text) {
                keys.merge(table)
            } else {
                sources.append((name, octets, kind, text))
            }
        }
        guard sources.contains(where: { $0.kind != .keys }) else {
            throw InputError(
                LogPosition(contents.first?.name ?? "", line: 1), "keys alone say nothing: name a capture too")
        }
        var facts: [InputFacts] = []
        for source in sources {
            let found: InputFacts
            switch source.kind {
            case .asa, .ios: found = CiscoDebug.read(source.text, file: source.name, kind: source.kind)
            case .charon: found = CharonLog.read(source.text, file: source.name)
            case .pluto: found = PlutoLog.read(source.text, file: source.name)
            case .capture, .keys:
                found = try CaptureReading.read(source.octets, file: source.name, keys: keys)
            }
            guard !found.messages.isEmpty || !found.configurations.isEmpty else {
                throw InputError(
                    LogPosition(source.name, line: 1),
                    "looks like \(source.kind.rawValue), and has no IKEv2 message that can be read: "
                        + "expected \(source.kind.expectation)")
            }
            facts.append(found)
        }
        guard facts.contains(where: { !$0.messages.isEmpty }) else {
            throw InputError(
                LogPosition(facts[0].file, line: 1), "a configuration alone says nothing: name a log of what it did too"
            )
        }
        return facts
    }

    private static func isCapture(_ octets: [UInt8]) -> Bool {
        let magics: [[UInt8]] = [
            [0x0a, 0x0d, 0x0d, 0x0a], [0xa1, 0xb2, 0xc3, 0xd4], [0xd4, 0xc3, 0xb2, 0xa1], [0xa1, 0xb2, 0x3c, 0x4d],
            [0x4d, 0x3c, 0xb2, 0xa1],
        ]
        return magics.contains { octets.starts(with: $0) }
    }

    /// The kind with the most lines of its own.
    private static func kind(of text: String, _ name: String) throws(InputError) -> InputKind {
        var counts: [InputKind: Int] = [:]
        for line in text.logLines {
            if CharonLog.split(line) != nil { counts[.charon, default: 0] += 1 }
            if line.contains("IKEv2-PROTO") || line.contains("IKEv2-PLAT") { counts[.asa, default: 0] += 1 }
            if line.contains("IKEv2:") { counts[.ios, default: 0] += 1 }
            if PlutoLog.split(line) != nil { counts[.pluto, default: 0] += 1 }
            // Configurations; each of these lines is of one language alone.
            if line.hasPrefix("crypto map ") || line.hasPrefix("crypto ikev2 policy ") { counts[.asa, default: 0] += 1 }
            if line.hasPrefix("crypto ikev2 proposal ") || line.hasPrefix("crypto ikev2 keyring ") {
                counts[.ios, default: 0] += 1
            }
        }
        let order: [InputKind] = [.charon, .asa, .ios, .pluto]
        if let best = order.max(by: { counts[$0, default: 0] < counts[$1, default: 0] }), counts[best] != nil {
            return best
        }
        if KeyInput.keys(text) != nil { return .keys }
        throw InputError(
            LogPosition(name, line: 1),
            "not an input that is known: expected debugging of an ASA (IKEv2-PROTO-…) or of IOS (IKEv2:…), a log of charon "
                + "(12[IKE] …) or of pluto (\"connection\" #1: …), a capture (pcap, pcapng) or a table of keys")
    }
}

extension InputKind {
    /// What a message looks like in it.
    fileprivate var expectation: String {
        switch self {
        case .asa, .ios: "`Next payload: SA, version: 2.0 Exchange type: IKE_SA_INIT, flags: INITIATOR Message id: 0`"
        case .charon: "`12[ENC] <1> parsed IKE_SA_INIT request 0 [ … ]`"
        case .pluto: "`\"connection\" #1: sent IKE_SA_INIT request to …`"
        case .capture, .keys: "UDP port 500 or 4500"
        }
    }
}
