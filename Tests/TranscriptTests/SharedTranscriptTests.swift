import Foundation
import Testing

@testable import Transcript

/// What real consoles say about the rules and the reader.
@Suite(.enabled(if: SharedTranscripts.isPresent, "../shared/reference/libreswan-transcripts is not here"))
struct SharedTranscriptTests {
    @Test func `a sanitized transcript is left as it is`() throws {
        let consoles = try SharedTranscripts.consoles()
        #expect(consoles.count > 200)
        for console in consoles {
            let explained = Sanitizer.libreswan(host: console.host).explain(Array(console.text.utf8))
            for change in explained.changes.prefix(3) {
                Issue.record(
                    "\(console.test) \(console.host):\(change.line) \(change.rule): \(change.before) → \(change.after)")
            }
            #expect(String(decoding: explained.sanitized, as: UTF8.self) == console.text, "\(console.test)")
        }
    }

    @Test func `a transcript turned back into a raw console is sanitized into itself`() throws {
        for console in try SharedTranscripts.consoles() {
            let steps = ConsoleStep.steps(of: console.text, host: console.host)
            var raw = RawConsole(host: console.host, folder: "test")
            for step in steps {
                raw.append(command: step.command)
                for line in step.output { raw.append(output: Array("\(line)\r\n\n".utf8)) }
                raw.appendPrompt()
            }
            let sanitized = Sanitizer.libreswan(host: console.host).sanitize(raw.octets)
            #expect(String(decoding: sanitized, as: UTF8.self) == console.text, "\(console.test) \(console.host)")
        }
    }

    @Test func `the seed is left as it is and has the issue's commands`() throws {
        let seed = try String(contentsOf: #require(SharedTranscripts.seed), encoding: .utf8)
        #expect(Sanitizer.libreswan(host: "west").sanitize(seed) == seed)
        let steps = ConsoleStep.steps(of: seed, host: "west")
        #expect(steps.count { !$0.isComment } == 17)
        #expect(steps.first?.command == "../../guestbin/swan-prep --nokeys # PSK")
        #expect(steps.first?.output == ["Creating empty NSS database"])
    }

    /// Whatever the rules do to a raw console, the facts that a test is about come through. So that the rules have work,
    /// every mask of the transcript is first filled with what a run would have put there.
    @Test func `no rule hides a state number, a byte count, a cipher, a payload list, up or down`() throws {
        for console in try SharedTranscripts.consoles() {
            let filled = Self.filled(console.text)
            let sanitized = Sanitizer.libreswan(host: console.host).sanitize(filled)
            #expect(Self.facts(sanitized) == Self.facts(filled), "\(console.test) \(console.host)")
            #expect(sanitized == console.text, "\(console.test) \(console.host)")
        }
    }

    /// The transcript with plausible values in the place of its masks.
    private static func filled(_ text: String) -> String {
        let values = [
            ("0xESPESP", "0x1a2b3c4d"), ("add_time=1234567890", "add_time=1763686750"), ("0xSPISPI", "0xc0ffee01"),
            ("reqid REQID", "reqid 16389"), ("priority PRIORITY", "priority 1757393"),
            ("0xENCAUTHKEY", "0x" + String(repeating: "0f", count: 36)),
            ("0xENCKEY", "0x" + String(repeating: "a5", count: 16)),
            ("0xHASHKEY", "0x" + String(repeating: "5a", count: 32)),
            ("YYYY-MM-DD HH:MM:SS", "2026-11-21 01:22:30"), ("seq 0xXX", "seq 0x1f"),
            ("00000000 XXXXXXXX", "00000000 0000000f"), ("[x] PID", "[1] 23456"), ("in XXs;", "in 27915s;"),
            (
                "retransmit-interval: 9999ms; retransmit-timeout: 99s",
                "retransmit-interval: 500ms; retransmit-timeout: 60s"
            ),
            ("SElinux=XXXXX", "SElinux=disabled"), ("seccomp=OFF", "seccomp=disabled"),
            ("debug ...", "debug base+cpu-usage"),
            ("ESPSPIi@", "7d90ab12@"), ("[initsystem]", "systemctl start ipsec.service"),
            (" sport EPHEM", " sport 34567"), (" dport EPHEM", " dport 20000"), ("socket XX:", "socket 19:"),
            ("3nnn-bit RSASSA", "3104-bit RSASSA"), ("PATH/sbin", "/usr/local/sbin"), ("PATH/libexec", "/usr/libexec"),
        ]
        return values.reduce(text) { $0.replacingOccurrences(of: $1.0, with: $1.1) }
    }

    /// Every token that is one of the facts, in order.
    private static func facts(_ text: String) -> [Substring] {
        let pattern =
            /#\d+|\$\d+|(in|out|max)Bytes=[^,]+|(ESPin|ESPout)=\d+B|\b(in|out)=\d+B|cipher=\S+|integ=\S+|prf=\S+|group=\S+|xfrm=\S+|SK\{[^}]*\}|payloads [^)]*\)|\b(up|down)\b|UNEXPECTED/
        return text.matches(of: pattern).map { $0.output.0 }
    }
}
