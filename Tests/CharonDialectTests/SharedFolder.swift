import Foundation
import Testing

/// The documents beside the repository, which not every machine has.
enum SharedFolder {
    static let reason: Testing.Comment = "the folder ../shared with the reference documents is not here"

    static let path: String? = {
        // The repository's folder, and a work tree of it beside others.
        let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let candidate = here.deletingLastPathComponent().appendingPathComponent("shared").path
        return FileManager.default.fileExists(atPath: candidate + "/reference") ? candidate : nil
    }()

    static var isThere: Bool { path != nil }

    static func text(_ name: String) throws -> String {
        try String(contentsOfFile: (path ?? "") + "/" + name, encoding: .utf8)
    }

    static func list(_ name: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: (path ?? "") + "/" + name).sorted()
    }
}
