import Foundation
import Testing

@testable import Reproduce

/// Files of this repository, and of the folder beside it that not every machine has.
enum Inputs {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    static let reason: Testing.Comment = "the folder ../shared with the reference documents is not here"
    static let shared = root.deletingLastPathComponent().appendingPathComponent("shared")
    static var hasShared: Bool { FileManager.default.fileExists(atPath: shared.path + "/seeds") }

    static func log(_ name: String) throws -> (name: String, octets: [UInt8]) {
        (name, Array(try Data(contentsOf: root.appendingPathComponent("Tests/ReproduceTests/Logs/" + name))))
    }

    static func tree(_ path: String) throws -> (name: String, octets: [UInt8]) {
        (String(path.split(separator: "/").last!), Array(try Data(contentsOf: root.appendingPathComponent(path))))
    }

    static func shared(_ path: String) throws -> (name: String, octets: [UInt8]) {
        (String(path.split(separator: "/").last!), Array(try Data(contentsOf: shared.appendingPathComponent(path))))
    }

    static func account(_ inputs: (name: String, octets: [UInt8])...) throws -> Account {
        Account(try InputFiles.read(inputs))
    }
}
