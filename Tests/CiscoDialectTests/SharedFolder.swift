import Foundation
import Testing

/// Files of this repository.
enum Shipped {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static func text(_ name: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent(name), encoding: .utf8)
    }
}

/// The documents beside the repository, which not every machine has.
enum SharedFolder {
    static let reason: Testing.Comment = "the folder ../shared with the reference documents is not here"

    static let path: String? = {
        let candidate = Shipped.root.deletingLastPathComponent().appendingPathComponent("shared").path
        return FileManager.default.fileExists(atPath: candidate + "/seeds") ? candidate : nil
    }()

    static var isThere: Bool { path != nil }

    static func lines(_ name: String) throws -> [String] {
        try String(contentsOfFile: (path ?? "") + "/" + name, encoding: .utf8)
            .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }
}
