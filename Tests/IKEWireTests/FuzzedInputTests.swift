import Foundation
import IKEWire
import Testing

/// The files that the message fuzzer (`Fuzz/`) begins with.
@Suite struct FuzzedInputTests {
    static func files(_ folder: String) throws -> [URL] {
        var root = URL(fileURLWithPath: #filePath)
        // This file, IKEWireTests, Tests.
        for _ in 0..<3 { root.deleteLastPathComponent() }
        let folder = root.appendingPathComponent("Fuzz").appendingPathComponent(folder)
        return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
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
