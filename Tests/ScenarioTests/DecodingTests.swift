import CaptureFile
import Glibc
import IKEWire
import LinuxSystem
import NetAddress
import Testing

@testable import Scenario

/// Captures opened with exported keys: what must be found out is found out.
@Suite(.enabled(if: RunnerProgram.hasDaemon, "swand is not built beside the tests"))
struct DecodingTests {
    /// A run of the plainest scenario.
    private func run(
        then check: (_ answer: RunnerProgram.Answer, _ output: String, _ runner: RunnerProgram) throws -> Void
    ) throws {
        try withRunner { runner in
            _ = try runner.copyShipped("ikev2-basic-psk-01")
            let answer = try runner.run("run", "ikev2-basic-psk-01")
            try check(answer, "\(runner.folder)/OUTPUT/ikev2-basic-psk-01", runner)
        }
    }

    @Test func `every Encrypted payload of a run opens, and the tables are for their owner alone`() throws {
        try run { answer, output, _ in
            #expect(answer.status == .exited(0), "\(answer.text)")
            let capture = try CaptureDecoding.decode(output: output, link: "192_1_2")
            let protected = capture.datagrams.filter(\.isProtected)
            #expect(protected.count >= 2)
            #expect(protected.allSatisfy { $0.plaintext != nil && !$0.inner.isEmpty || $0.plaintext == [] })
            for table in ["ikev2_decryption_table", "esp_sa"] {
                for folder in ["west.keys", "east.keys", "wireshark"] {
                    let mode = try #require(FileSystem.status("\(output)/\(folder)/\(table)")).st_mode & 0o777
                    #expect(mode == 0o600, "\(folder)/\(table)")
                }
            }
        }
    }

    @Test func `a key with one wrong digit opens nothing, and a row without it neither`() throws {
        try run { _, output, _ in
            let path = output + "/wireshark/ikev2_decryption_table"
            let text = try FileSystem.readText(path)
            let row = try #require(text.split(separator: "\n").first { !$0.hasPrefix("#") })
            var fields = row.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            for index in [2, 3] {
                let wrong = fields[index].hasPrefix("0") ? "1" : "0"
                fields[index] = wrong + fields[index].dropFirst()
            }
            let numbers = try #require(text.split(separator: "\n").first)
            try FileSystem.write(path, "\(numbers)\n\(fields.joined(separator: ","))\n")
            let altered = try CaptureDecoding.decode(output: output, link: "192_1_2")
            #expect(altered.datagrams.contains { $0.isProtected })
            #expect(!altered.datagrams.contains { $0.plaintext != nil })
            try FileSystem.write(path, "")
            let none = try CaptureDecoding.decode(output: output, link: "192_1_2")
            #expect(!none.datagrams.contains { $0.plaintext != nil })
        }
    }

    @Test func `a run whose keys are not there fails, and names the message that does not open`() throws {
        try run { answer, output, runner in
            #expect(answer.status == .exited(0))
            for folder in ["west.keys", "east.keys"] {
                try FileSystem.write("\(output)/\(folder)/ikev2_decryption_table", "")
            }
            let west = try #require(IPAddress("192.1.2.45"))
            let outcome = try CaptureDecoding(output: output, exporters: [west]).run(links: ["192_1_2"])
            let kinds = outcome.findings.map(\.kind)
            #expect(kinds.contains(.notOpened), "\(outcome.findings)")
            #expect(outcome.findings.contains { $0.text.hasPrefix("IKE_AUTH request 1, frame ") })
        }
    }

    @Test func `an octet of a message that was altered is found out`() throws {
        try run { _, output, _ in
            let path = output + "/192_1_2.pcapng"
            var packets = try CaptureReader.packets(try FileSystem.read(path)).1
            let before = try CaptureDecoding.decode(output: output, link: "192_1_2")
            let frame = try #require(before.datagrams.first(where: \.isProtected)?.frame)
            packets[frame - 1].octets[packets[frame - 1].octets.count - 1] ^= 1
            let writer = CaptureWriter()
            try FileSystem.write(path, writer.fileHeader + packets.flatMap { writer.record($0) })
            let after = try CaptureDecoding.decode(output: output, link: "192_1_2")
            #expect(after.datagrams.first { $0.frame == frame }?.plaintext == nil)
            let outcome = try CaptureDecoding(output: output, exporters: []).run(links: ["192_1_2"])
            #expect(outcome.findings.contains { $0.kind == .notOpened && $0.text.contains("frame \(frame)") })
            // Of a host that means ill nothing else was to be expected; its peer's messages have to open as ever.
            let source = try #require(before.datagrams.first { $0.frame == frame }?.source)
            func findings(_ hostile: IPAddress) throws -> [Finding] {
                try CaptureDecoding(output: output, exporters: [], hostile: [hostile]).run(links: ["192_1_2"]).findings
            }
            #expect(try findings(source).isEmpty)
            let other = try #require(before.datagrams.first { $0.source != source }?.source)
            #expect(try findings(other).contains { $0.kind == .notOpened && $0.text.contains("frame \(frame)") })
        }
    }

    @Test func `what is no IKE message is called malformed`() throws {
        try run { _, output, _ in
            let path = output + "/192_1_2.pcapng"
            var packets = try CaptureReader.packets(try FileSystem.read(path)).1
            let before = try CaptureDecoding.decode(output: output, link: "192_1_2")
            let frame = try #require(before.datagrams.first?.frame)
            // The IKE header's Length, 24 octets behind the UDP header of an IPv4 packet in an Ethernet frame.
            packets[frame - 1].octets[14 + 20 + 8 + 27] ^= 1
            let writer = CaptureWriter()
            try FileSystem.write(path, writer.fileHeader + packets.flatMap { writer.record($0) })
            let outcome = try CaptureDecoding(output: output, exporters: []).run(links: ["192_1_2"])
            #expect(outcome.findings.contains { $0.kind == .malformed && $0.text.hasPrefix("frame \(frame): ") })
        }
    }
}
