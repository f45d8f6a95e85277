import CaptureFile
import LinuxSystem
package import NetAddress

/// Decodes the captures of a run with the keys that its daemons exported: first by ourselves, every Encrypted payload
/// with its integrity, then by tshark, which has never seen our code. What is malformed, or not opened, is a finding.
///
/// Leaves in the run's folder `wireshark/`, a configuration of Wireshark's with both tables of all hosts, and for each
/// link with IKE on it LINK.clear.pcapng, which needs no keys but one: `wireshark/clear/`.
package struct CaptureDecoding {
    package let output: String
    /// The addresses of the hosts with a daemon that exports its keys: what they say and hear has to open.
    let exporters: Set<IPAddress>
    /// The addresses of hosts that mean ill: what they say need not open, nor be well-formed.
    let hostile: Set<IPAddress>

    /// What came of it.
    package struct Outcome {
        package var findings: [Finding] = []
        /// Why tshark was not asked; nil where it was.
        package var skipped: String?
        package var captures: [String: DecodedCapture] = [:]
    }

    package init(output: String, exporters: Set<IPAddress>, hostile: Set<IPAddress> = []) {
        self.output = output
        self.exporters = exporters
        self.hostile = hostile
    }

    private static let tshark = "/usr/bin/tshark"
    private static let tables = ["ikev2_decryption_table", "esp_sa"]

    /// - Parameter links: whose LINK.pcapng is to be looked at.
    package func run(links: [String]) throws -> Outcome {
        var outcome = Outcome()
        let keys = try collectTables(&outcome)
        let hasTshark = FileSystem.isExecutable(Self.tshark)
        if !hasTshark { outcome.skipped = "tshark is not installed (apt-get install tshark)" }
        var spoken: [(link: String, capture: DecodedCapture)] = []
        for link in links {
            let path = "\(output)/\(link).pcapng"
            guard FileSystem.exists(path) else { continue }
            let capture: DecodedCapture
            do throws(CaptureError) {
                capture = DecodedCapture(try CaptureReader.packets(try octets(of: path)).1, keys: keys)
            } catch {
                outcome.findings.append(Finding(.malformed, link, "\(path) is no capture: \(error)"))
                continue
            }
            outcome.captures[link] = capture
            guard capture.isOfInterest else { continue }
            outcome.findings += capture.malformed.map { Finding(.malformed, link, $0) }
            outcome.findings += unopened(capture, keys).map { Finding(.notOpened, link, $0) }
            guard !capture.datagrams.isEmpty else { continue }
            let clear = "\(output)/\(link).clear.pcapng"
            try write(capture.rewritten, to: clear)
            spoken.append((link, capture))
        }
        guard hasTshark else { return outcome }
        // One table for all links: an IKE SA may be seen on several, and strangers' alone on others.
        try writeClearTable(spoken.map(\.capture))
        // All at once: most of what one takes is its start.
        var questions: [Question] = []
        for (link, _) in spoken {
            questions.append(try ask("\(output)/\(link).pcapng", profile: "\(output)/wireshark", link))
            questions.append(
                try ask(
                    "\(output)/\(link).clear.pcapng", profile: "\(output)/wireshark/clear", link, wantsAllOpen: true))
        }
        for question in questions { outcome.findings += try findings(question) }
        return outcome
    }

    /// The capture of one link, opened with the tables that a run has collected.
    package static func decode(output: String, link: String) throws -> DecodedCapture {
        var keys = ExportedKeys()
        let table = "\(output)/wireshark/\(tables[0])"
        if FileSystem.exists(table) { keys.add(ikeTable: try FileSystem.readText(table)) }
        return DecodedCapture(try CaptureReader.packets(try FileSystem.read("\(output)/\(link).pcapng")).1, keys: keys)
    }

    private func octets(of path: String) throws(CaptureError) -> [UInt8] {
        do { return try FileSystem.read(path) } catch { throw .truncated(at: 0) }
    }

    /// Puts the tables of all hosts into one folder, which is a configuration of Wireshark's.
    private func collectTables(_ outcome: inout Outcome) throws -> ExportedKeys {
        var keys = ExportedKeys()
        let folders = try FileSystem.list(output).filter { $0.hasSuffix(".keys") }.sorted()
        try FileSystem.makeDirectories("\(output)/wireshark/clear", mode: 0o700)
        for table in Self.tables {
            var rows = ""
            for folder in folders {
                let path = "\(output)/\(folder)/\(table)"
                if FileSystem.exists(path) { rows += try FileSystem.readText(path) }
            }
            try FileSystem.write("\(output)/wireshark/\(table)", Array(rows.utf8), mode: 0o600)
            if table == Self.tables[0] { keys.add(ikeTable: rows) }
        }
        try FileSystem.write("\(output)/wireshark/preferences", "esp.enable_encryption_decode: TRUE\n")
        outcome.findings += keys.faults.map { Finding(.notOpened, "keys", $0) }
        return keys
    }

    /// The Encrypted payloads that no key opened, though one end of them exports its keys.
    private func unopened(_ capture: DecodedCapture, _ keys: ExportedKeys) -> [String] {
        capture.datagrams.compactMap { datagram in
            guard datagram.isProtected, datagram.plaintext == nil, !hostile.contains(datagram.source) else {
                return nil
            }
            if keys.has(datagram.message) { return "\(datagram.title): no exported key opens it" }
            let isOurs = exporters.contains(datagram.source) || exporters.contains(datagram.destination)
            return isOurs ? "\(datagram.title): no keys were exported for it" : nil
        }
    }

    private func write(_ packets: [CapturedPacket], to path: String) throws {
        let writer = CaptureWriter()
        var octets = writer.fileHeader
        for packet in packets { writer.append(packet.octets, timestamp: packet.timestamp, to: &octets) }
        try FileSystem.write(path, octets)
    }

    /// One row for each IKE SA whose payloads were rewritten.
    private func writeClearTable(_ captures: [DecodedCapture]) throws {
        let rows = Set(
            captures.flatMap(\.openedSPIs).map {
                "\($0.initiator),\($0.responder),,,\"NULL [RFC2410]\",,,\"NONE [RFC4306]\"\n"
            }
        ).sorted()
        try FileSystem.write(
            "\(output)/wireshark/clear/\(Self.tables[0])", Array(rows.joined().utf8), mode: 0o600)
    }

    // MARK: tshark

    /// A tshark that reads a capture.
    private struct Question {
        let capture: String
        let link: String
        let tshark: LocalCommand.Running
    }

    /// Asks tshark for what it finds malformed, and for Encrypted payloads that it did not open.
    private func ask(_ capture: String, profile: String, _ link: String, wantsAllOpen: Bool = false) throws -> Question
    {
        let encrypted = "isakmp.typepayload == 46 or isakmp.typepayload == 53"
        let honest = hostile.map { "\($0)" }.sorted().map {
            " and not \($0.contains(":") ? "ipv6" : "ip").src == \($0)"
        }
        let filter =
            "((_ws.malformed and not icmp and not icmpv6)"
            + (wantsAllOpen ? " or ((\(encrypted)) and not isakmp.enc.decrypted)" : "") + ")" + honest.joined()
        let command = LocalCommand(
            [
                Self.tshark, "-n", "-r", capture, "-Y", filter, "-T", "fields", "-e", "frame.number", "-e",
                "_ws.malformed", "-e", "_ws.col.Info",
            ], environment: ["WIRESHARK_CONFIG_DIR": profile])
        return Question(capture: capture, link: link, tshark: try command.start())
    }

    private func findings(_ question: Question) throws -> [Finding] {
        let link = question.link
        let answer = try question.tshark.answer(timeout: .seconds(60))
        guard answer.status == .exited(0) else {
            return [Finding(.malformed, link, "tshark could not read \(question.capture): \(answer.error)")]
        }
        return answer.output.split(separator: "\n").map { line in
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            let info = fields.last ?? ""
            let what = fields.count > 1 && !fields[1].isEmpty ? "malformed" : "not opened"
            return Finding(
                what == "malformed" ? .malformed : .notOpened, link,
                "tshark finds frame \(fields.first ?? "?") \(what): \(info)")
        }
    }

    /// What shows a run's captures, opened, to a person.
    package static func command(output: String, link: String) -> String {
        "WIRESHARK_CONFIG_DIR=\(output)/wireshark wireshark \(output)/\(link).pcapng"
    }
}
