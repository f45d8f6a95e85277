import Foundation
import IKEWire
import Testing

/// The files of the message fuzzer (`Fuzz/`), so that what once broke the parser is tried in every test run, without a
/// sanitizer being needed.
@Suite struct FuzzedInputTests {
    static func files(_ folder: String) throws -> [URL] {
        var root = URL(fileURLWithPath: #filePath)
        // This file, IKEWireTests, Tests.
        for _ in 0..<3 { root.deleteLastPathComponent() }
        let folder = root.appendingPathComponent("Fuzz").appendingPathComponent(folder)
        // Without a single regression there is no folder.
        guard FileManager.default.fileExists(atPath: folder.path) else { return [] }
        return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    }

    @Test func `inputs that once broke the parser are refused, or mean something that can be written`() throws {
        for file in try Self.files("corpus/message") + Self.files("regressions/message") {
            let octets = [UInt8](try Data(contentsOf: file))
            if let message = try? Message(parsing: octets) {
                #expect((try? Message(parsing: message.encoded())) == message, "\(file.lastPathComponent)")
            }
            guard let type = octets.first.map({ PayloadType($0) }),
                let payloads = try? Message.parsePayloads(first: type, octets.dropFirst())
            else { continue }
            let (first, again) = Message.encodePayloads(payloads)
            #expect((try? Message.parsePayloads(first: first, again[...])) == payloads, "\(file.lastPathComponent)")
        }
    }

    /// A corpus that the parser refuses at the door would leave the fuzzer to guess.
    @Test func `every file of the corpus is well formed`() throws {
        let files = try Self.files("corpus/message")
        #expect(files.count >= 20)
        for file in files {
            let octets = [UInt8](try Data(contentsOf: file))
            if file.lastPathComponent.hasPrefix("inside-") {
                #expect(throws: Never.self, "\(file.lastPathComponent)") {
                    try Message.parsePayloads(first: PayloadType(octets[0]), octets.dropFirst())
                }
            } else {
                #expect(throws: Never.self, "\(file.lastPathComponent)") { try Message(parsing: octets) }
            }
        }
    }
}
